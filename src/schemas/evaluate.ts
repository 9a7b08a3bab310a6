import { isObject, type JsonObject } from '../base/json.ts';
import { arrayRules } from './array-rules.ts';
import { Budget, BudgetSpentError } from './budget.ts';
import { combiningRules } from './combining-rules.ts';
import { formOf } from './keyword-forms.ts';
import { objectRules } from './object-rules.ts';
import type { Path } from './path.ts';
import type { Schema } from './read-schema.ts';
import { scalarRules } from './scalar-rules.ts';
import { both, type Verdict } from './verdict.ts';
import type { KeywordRule, Misfit, Visit } from './visit.ts';

export type Evaluation =
  /** Nothing is known to be wrong. */
  | { readonly kind: 'passed' }
  /** Refused for certain, and the first reasons. */
  | { readonly kind: 'unfit'; readonly misfits: readonly Misfit[] }
  /** It takes more work than it may. */
  | { readonly kind: 'given-up' };

export interface EvaluateOptions {
  /** The object has further properties which are not known here. @default false */
  readonly isPartial?: boolean;
  /** @default defaultSteps */
  readonly steps?: number;
}

/** Some hundred milliseconds at most. A schema of two hundred parameters and what is asked for with it take a tenth. */
export const defaultSteps = 50_000;
/** More than that nobody mends at once. */
const maxMisfits = 10;

const rules: ReadonlyMap<string, KeywordRule> = new Map([
  ...scalarRules,
  ...arrayRules,
  ...objectRules,
  ...combiningRules,
]);

/**
 * Checks parameters against the schema of a plan. It says `unfit` only of what no reading of the schema lets through;
 * what it does not know, such as a pattern that only JavaScript has, it lets pass. Pure, bounded in time and depth, and
 * nothing of a schema is ever run as code.
 */
export function evaluate(schema: Schema, value: JsonObject, options: EvaluateOptions = {}): Evaluation {
  const evaluator = new Evaluator(schema, new Budget(options.steps ?? defaultSteps));
  try {
    const isPartial = options.isPartial === true;
    const verdict = evaluator.check(schema.root, { value, where: undefined, isPartial, isTelling: true });
    return verdict === 'unfit' ? { kind: 'unfit', misfits: evaluator.misfits } : { kind: 'passed' };
  } catch (error) {
    if (error instanceof BudgetSpentError) return { kind: 'given-up' };
    throw error;
  }
}

/** A path from its end: one more part costs the same however deep it is. */
interface Where {
  readonly up: Where | undefined;
  readonly part: string | number;
}

interface Place {
  readonly value: unknown;
  readonly where: Where | undefined;
  readonly isPartial: boolean;
  readonly isTelling: boolean;
}

class Evaluator {
  readonly misfits: Misfit[] = [];
  readonly #schema: Schema;
  readonly #budget: Budget;

  constructor(schema: Schema, budget: Budget) {
    this.#schema = schema;
    this.#budget = budget;
  }

  check(schema: unknown, place: Place): Verdict {
    this.#budget.spend(1);
    if (schema === false) return this.#tell(place, 'is not allowed');
    if (!isObject(schema)) return 'fits';
    const verdict = this.#budget.nested(() => this.#checkAll(schema, place));
    // Whatever else it has may not fit.
    return place.isPartial && verdict === 'fits' ? 'unknown' : verdict;
  }

  #checkAll(schema: JsonObject, place: Place): Verdict {
    const { draft, targets } = this.#schema;
    const ref = schema['$ref'];
    let verdict: Verdict = 'fits';
    if (typeof ref === 'string') {
      verdict = this.check(targets.get(this.#budget.read(ref)), place);
      // Up to draft 07 a reference stands alone.
      if (draft < 2019) return verdict;
    }
    const visit = this.#visitOf(schema, place);
    for (const [keyword, argument] of this.#budget.entries(schema)) {
      const rule = formOf(keyword, draft) && rules.get(keyword);
      if (rule !== undefined) verdict = both(verdict, rule(argument as never, visit));
    }
    return verdict;
  }

  #visitOf(schema: JsonObject, place: Place): Visit {
    const { value, where, isPartial } = place;
    return {
      schema,
      value,
      isPartial,
      draft: this.#schema.draft,
      budget: this.#budget,
      inside: (inner, part, key) =>
        this.check(inner, { ...place, value: part, where: { up: where, part: key }, isPartial: false }),
      also: (other) => this.check(other, place),
      tries: (other, ...part) =>
        this.check(other, {
          ...place,
          isTelling: false,
          ...(part.length === 0 ? {} : { value: part[0], isPartial: false }),
        }),
      misfit: (rule, part) =>
        this.#tell(part === undefined ? place : { ...place, where: { up: where, part } }, rule),
    };
  }

  #tell({ where, isTelling }: Place, rule: string | (() => string)): Verdict {
    this.#budget.spend(1);
    if (isTelling && this.misfits.length < maxMisfits) {
      this.misfits.push({ path: pathTo(where), rule: typeof rule === 'string' ? rule : rule() });
    }
    return 'unfit';
  }
}

function pathTo(end: Where | undefined): Path {
  const path: (string | number)[] = [];
  for (let where = end; where !== undefined; where = where.up) path.unshift(where.part);
  return path;
}
