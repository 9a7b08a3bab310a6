import type { Budget } from './budget.ts';
import type { Draft } from './draft.ts';
import type { Path } from './path.ts';
import type { JsonObject } from '../base/json.ts';
import type { Verdict } from './verdict.ts';

/** What does not fit, and the rule that says so. The text is the end of a sentence and holds no value. */
export interface Misfit {
  readonly path: Path;
  readonly rule: string;
}

/** What the rule of a keyword looks at. */
export interface Visit {
  /** The schema that holds the keyword, for its neighbours. */
  readonly schema: JsonObject;
  readonly value: unknown;
  readonly draft: Draft;
  readonly budget: Budget;
  /** True for an object that has further properties which are not known here. */
  readonly isPartial: boolean;
  /** Checks a value inside of this one, and tells what does not fit. */
  readonly inside: (schema: unknown, value: unknown, part: string | number) => Verdict;
  /** Checks this value against another schema that has to hold as well. */
  readonly also: (schema: unknown) => Verdict;
  /** The same, without telling anything: it may well not hold. */
  readonly tries: (schema: unknown, value?: unknown) => Verdict;
  /** `unfit`, with the reason for people. @param part what of this value it is about */
  readonly misfit: (rule: string | (() => string), part?: string | number) => Verdict;
}

/** @param argument what the keyword holds; its form is right */
export type KeywordRule = (argument: never, visit: Visit) => Verdict;
