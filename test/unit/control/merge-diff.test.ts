import { JsonText } from '../../../src/base/json-text.ts';
import {
  array,
  assert,
  boolean,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  string,
} from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { parseExact, type JsonObject } from '../../../src/base/json.ts';
import { mergeDiff, present } from '../../../src/control/merge-diff.ts';

describe('the merge diff of two JSON objects', () => {
  const cases: readonly [name: string, previous: JsonObject, next: JsonObject, patch: unknown][] = [
    ['nothing for equal objects', { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
    ['nothing for two empty objects', {}, {}, undefined],
    ['an added field', {}, { a: 1 }, { a: 1 }],
    ['a changed field', { a: 1, b: 2 }, { a: 3, b: 2 }, { a: 3 }],
    ['null for a removed field', { a: 1, b: 2 }, { b: 2 }, { a: null }],
    ['null for a field that became undefined', { a: 1 }, { a: undefined }, { a: null }],
    ['nothing for null where nothing was', {}, { a: null }, undefined],
    ['nothing for a stored null that is left out', { a: null }, {}, undefined],
    ['only the nested change', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    ['null for a nested removed field', { a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
    ['an array as a whole', { a: [{ x: 1 }, { x: 2 }] }, { a: [{ x: 1 }] }, { a: [{ x: 1 }] }],
    ['an array that became empty', { a: [1] }, { a: [] }, { a: [] }],
    ['an object in place of a scalar', { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['a scalar in place of an object', { a: { b: 1 } }, { a: 1 }, { a: 1 }],
    ['an empty object where nothing was', {}, { a: {} }, { a: {} }],
    ['false and zero as values', { a: true, b: 1 }, { a: false, b: 0 }, { a: false, b: 0 }],
    ['an own field that is called like an inherited one', {}, { constructor: 'x' }, { constructor: 'x' }],
  ];

  it.each(cases)('is %s', (_name, previous, next, patch) => {
    expect(mergeDiff(previous, next)).toEqual(patch);
  });

  it('sees a change beyond the precision of a double', () => {
    const previous = parseExact('{"n":12345678901234567890}') as JsonObject;
    expect(mergeDiff(previous, parseExact('{"n":12345678901234567890}') as JsonObject)).toBeUndefined();
    expect(JSON.stringify(mergeDiff(previous, parseExact('{"n":12345678901234567891}') as JsonObject))).toBe(
      '{"n":12345678901234567891}',
    );
  });

  it('applied to the first object gives the second, for any two objects', () => {
    const value = letrec((tie) => ({
      value: oneof({ maxDepth: 4 }, integer(), string(), boolean(), array(integer()), tie('object')),
      object: dictionary(constantFrom('a', 'b', 'c', 'd'), tie('value')),
    })).object as Arbitrary<JsonObject>;
    assert(
      property(value, value, (previous, next) => {
        expect(applyMergePatch(previous, mergeDiff(previous, next) ?? {})).toEqual(next);
      }),
    );
  });
});

/** RFC 7386 section 2, as the independent other side. */
function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

it('an object as a merge patch would store it lacks what is null or undefined, but for what stands in arrays', () => {
  const object = { a: null, b: undefined, c: { d: null, e: 0 }, f: [null, { g: null }], h: false, i: {} };
  expect(present(object)).toEqual({ c: { e: 0 }, f: [null, { g: null }], h: false, i: {} });
});

it('keeps large numbers, and what is kept as text, as they are', () => {
  const text = '{"n":12345678901234567890,"f":1.0}';
  const object = { now: parseExact(text), later: new JsonText(text) };
  expect(JSON.stringify(present(object))).toBe(`{"now":${text},"later":${text}}`);
});
