import { isNumber, isObject } from '../base/json.ts';
import type { Budget } from './budget.ts';
import { compareNumbers, equal, numberOf } from './equal.ts';
import { matches } from './pattern.ts';
import { shownList, shownText } from './shown.ts';
import type { Verdict } from './verdict.ts';
import type { KeywordRule, Visit } from './visit.ts';

const nouns: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a text',
};

/** Rules for any value, for numbers and for texts. */
export const scalarRules: readonly (readonly [string, KeywordRule])[] = [
  ['type', type],
  ['enum', oneOfValues],
  ['const', (argument: unknown, visit: Visit) => oneOfValues([argument], visit)],
  ['minimum', limit('at least', (sign) => sign >= 0, 'exclusiveMinimum', 'more than')],
  ['maximum', limit('at most', (sign) => sign <= 0, 'exclusiveMaximum', 'less than')],
  ['exclusiveMinimum', limit('more than', (sign) => sign > 0)],
  ['exclusiveMaximum', limit('less than', (sign) => sign < 0)],
  ['multipleOf', multipleOf],
  ['minLength', length('at least', (has, limit) => has >= limit)],
  ['maxLength', length('at most', (has, limit) => has <= limit)],
  ['pattern', pattern],
];

function type(argument: string | readonly string[], { value, budget, misfit }: Visit): Verdict {
  const names = budget.items(typeof argument === 'string' ? [argument] : argument);
  if (names.some((name) => isOfType(name, value, budget))) return 'fits';
  return misfit(() => `must be ${[...new Set(names)].map((name) => nouns[name] ?? name).join(' or ')}`);
}

function isOfType(name: string, value: unknown, budget: Budget): boolean {
  switch (name) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'number':
      return isNumber(value);
    case 'integer':
      return isNumber(value) && !hasFraction(value, budget);
    default:
      return typeof value === name;
  }
}

/** Numbers beyond what JavaScript can hold have none. */
function hasFraction(value: unknown, budget: Budget): boolean {
  const number = numberOf(value, budget);
  return Number.isFinite(number) && !Number.isInteger(number);
}

function oneOfValues(allowed: readonly unknown[], { value, budget, isPartial, misfit }: Visit): Verdict {
  if (isPartial) return 'unknown';
  const isAllowed = budget.items(allowed).some((each) => equal(each, value, budget));
  return isAllowed ? 'fits' : misfit(() => `must be ${shownList(allowed, budget)}`);
}

/** @param strictly the keyword that as `true` makes the limit exclusive, in draft 04 */
function limit(
  words: string,
  holds: (sign: number) => boolean,
  strictly?: string,
  strictWords?: string,
): KeywordRule {
  return (argument: unknown, { schema, value, budget, misfit }: Visit) => {
    if (typeof argument === 'boolean' || !isNumber(value)) return 'fits';
    const sign = compareNumbers(value, argument, budget);
    if (sign === undefined) return 'unknown';
    const isStrict = strictly !== undefined && schema[strictly] === true;
    if (holds(sign) && !(isStrict && sign === 0)) return 'fits';
    return misfit(() => `must be ${isStrict ? strictWords : words} ${shownText(argument, budget)}`);
  };
}

function multipleOf(argument: unknown, { value, budget, misfit }: Visit): Verdict {
  if (!isNumber(value)) return 'fits';
  const number = numberOf(value, budget);
  const divisor = numberOf(argument, budget);
  const times = number / divisor;
  // Fractions have no exact division, and of numbers that are too large the last digits are not known.
  if (!(Math.abs(times) < 1e9 && Math.abs(number) < 1e15)) return 'unknown';
  const isMultiple = Math.abs(times - Math.round(times)) < 1e-6;
  return isMultiple ? 'fits' : misfit(() => `must be a multiple of ${shownText(argument, budget)}`);
}

function length(words: string, holds: (has: number, limit: number) => boolean): KeywordRule {
  return (argument: unknown, { value, budget, misfit }: Visit) => {
    if (typeof value !== 'string') return 'fits';
    const limit = numberOf(argument, budget);
    // Characters count, not the halves of pairs.
    if (holds(Array.from(budget.read(value)).length, limit)) return 'fits';
    return misfit(`must have ${words} ${limit} ${limit === 1 ? 'character' : 'characters'}`);
  };
}

function pattern(argument: string, { value, budget, misfit }: Visit): Verdict {
  if (typeof value !== 'string') return 'fits';
  const verdict = matches(argument, value, budget);
  return verdict === 'unfit'
    ? misfit(() => `must match the pattern ${shownText(argument, budget)}`)
    : verdict;
}
