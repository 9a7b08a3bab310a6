import { both, either, type Verdict } from './verdict.ts';
import type { KeywordRule, Visit } from './visit.ts';

/** Rules that put schemas together. */
export const combiningRules: readonly (readonly [string, KeywordRule])[] = [
  ['allOf', (schemas: readonly unknown[], { budget, also }: Visit) => allOf(budget.items(schemas).map(also))],
  ['anyOf', anyOf],
  ['oneOf', oneOf],
  ['not', not],
  ['if', conditional],
  ['$dynamicRef', () => 'unknown'],
  ['$recursiveRef', () => 'unknown'],
];

function allOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce(both, 'fits');
}

function anyOf(schemas: readonly unknown[], visit: Visit): Verdict {
  const { budget, tries, also, misfit } = visit;
  const [only] = schemas;
  if (schemas.length === 1) return also(only);
  const verdict = budget
    .items(schemas)
    .map((schema) => tries(schema))
    .reduce(either, 'unfit');
  return verdict === 'unfit' ? misfit(`fits none of the ${schemas.length} forms that are allowed`) : verdict;
}

function oneOf(schemas: readonly unknown[], visit: Visit): Verdict {
  const verdicts = visit.budget.items(schemas).map((schema) => visit.tries(schema));
  if (verdicts.filter((verdict) => verdict === 'fits').length > 1) {
    return visit.misfit('fits more than one of the forms of which exactly one is allowed');
  }
  if (verdicts.every((verdict) => verdict === 'unfit')) return anyOf(schemas, visit);
  return verdicts.includes('unknown') ? 'unknown' : 'fits';
}

function not(schema: unknown, { tries, misfit }: Visit): Verdict {
  const verdict = tries(schema);
  if (verdict === 'fits') return misfit('has a form that is not allowed');
  return verdict === 'unfit' ? 'fits' : 'unknown';
}

function conditional(condition: unknown, { schema, tries, also }: Visit): Verdict {
  const { then = true, else: otherwise = true } = schema;
  switch (tries(condition)) {
    case 'fits':
      return also(then);
    case 'unfit':
      return also(otherwise);
    case 'unknown':
      return tries(then) === 'unfit' && tries(otherwise) === 'unfit' ? also(then) : 'unknown';
  }
}
