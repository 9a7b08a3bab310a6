import { numberOf, textOf } from './equal.ts';
import { both, verdictOf, type Verdict } from './verdict.ts';
import type { KeywordRule, Visit } from './visit.ts';

/** Rules for lists. Any other value fits them. */
export const arrayRules: readonly (readonly [string, KeywordRule])[] = [
  ['minItems', size('at least', (has, limit) => has >= limit)],
  ['maxItems', size('at most', (has, limit) => has <= limit)],
  ['uniqueItems', uniqueItems],
  ['items', items],
  ['prefixItems', ofList((argument: readonly unknown[], list, visit) => eachItem(argument, list, 0, visit))],
  ['additionalItems', ofList(additionalItems)],
  ['contains', ofList(contains)],
  // They may need to know what other keywords have looked at.
  ['unevaluatedItems', ofList(() => 'unknown')],
];

function ofList(rule: (argument: never, list: readonly unknown[], visit: Visit) => Verdict): KeywordRule {
  return (argument, visit) => (Array.isArray(visit.value) ? rule(argument, visit.value, visit) : 'fits');
}

function size(words: string, holds: (has: number, limit: number) => boolean): KeywordRule {
  return ofList((argument: unknown, list, { budget, misfit }) => {
    const limit = numberOf(argument, budget);
    return holds(list.length, limit) ? 'fits' : misfit(`must have ${words} ${limit} of them`);
  });
}

/** Two that say the same in other words, such as 1 and 1.0, count as different: nothing is refused for it. */
function uniqueItems(isWanted: boolean, { value, budget, misfit }: Visit): Verdict {
  if (!isWanted || !Array.isArray(value)) return 'fits';
  const known = new Set<string>();
  for (const item of budget.items<unknown>(value)) known.add(textOf(item, budget));
  return known.size === value.length ? 'fits' : misfit('must have no two that are the same');
}

function items(argument: unknown, visit: Visit): Verdict {
  const { schema, value, draft } = visit;
  if (!Array.isArray(value)) return 'fits';
  if (Array.isArray(argument)) return eachItem(argument, value, 0, visit);
  const prefix = schema['prefixItems'];
  const from = draft >= 2020 && Array.isArray(prefix) ? prefix.length : 0;
  return eachItem(argument, value, from, visit);
}

function additionalItems(argument: unknown, list: readonly unknown[], visit: Visit): Verdict {
  const tuple = visit.schema['items'];
  return Array.isArray(tuple) ? eachItem(argument, list, tuple.length, visit) : 'fits';
}

/** @param schemas one for each, or the same for all */
function eachItem(schemas: unknown, list: readonly unknown[], from: number, visit: Visit): Verdict {
  const { budget, inside } = visit;
  let verdict: Verdict = 'fits';
  const to = Array.isArray(schemas) ? Math.min(schemas.length, list.length) : list.length;
  budget.spend(Math.max(to - from, 0));
  for (let at = from; at < to; at++) {
    const schema: unknown = Array.isArray(schemas) ? schemas[at] : schemas;
    verdict = both(verdict, inside(schema, list[at], at));
  }
  return verdict;
}

function contains(argument: unknown, list: readonly unknown[], visit: Visit): Verdict {
  const { schema, draft, budget, tries, misfit } = visit;
  let sure = 0;
  let possible = 0;
  for (const item of budget.items(list)) {
    const verdict = tries(argument, item);
    if (verdict === 'fits') sure++;
    if (verdict !== 'unfit') possible++;
  }
  const [least, most] = draft >= 2019 ? [schema['minContains'], schema['maxContains']] : [];
  const min = least === undefined ? 1 : numberOf(least, budget);
  const max = most === undefined ? Infinity : numberOf(most, budget);
  if (possible < min || sure > max) return misfit('must have another number of those that are asked for');
  return verdictOf(sure >= min && possible <= max ? true : undefined);
}
