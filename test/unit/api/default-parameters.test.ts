import { canonicalJson, parseExact } from '../../../src/base/json.ts';
import { withDefaults } from '../../../src/api/default-parameters.ts';

describe('defaults', () => {
  it.each([
    ['fill in what is left open', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['give way to what is given', { a: 1 }, { a: 2 }, { a: 2 }],
    [
      'are merged at every level',
      { a: { b: { c: 1, d: 1 } } },
      { a: { b: { d: 2 } } },
      { a: { b: { c: 1, d: 2 } } },
    ],
    ['in lists are none', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['give way to null', { a: { b: 1 } }, { a: null }, { a: null }],
    ['give way to another type', { a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
    ['of another type give way', { a: 'x' }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['alone are what is used', { a: { b: 1 } }, {}, { a: { b: 1 } }],
  ])('%s', (_what, defaults, own, expected) => {
    expect(withDefaults(defaults, own)).toEqual(expected);
  });

  it('keep every digit', () => {
    const defaults = parseExact('{"a":{"n":12345678901234567890}}') as never;
    expect(canonicalJson(withDefaults(defaults, { a: { m: 1 } }))).toBe(
      '{"a":{"m":1,"n":12345678901234567890}}',
    );
  });

  it('however deep, end', () => {
    const deep = (leaf: string): never =>
      JSON.parse(`${'{"a":'.repeat(9000)}"${leaf}"${'}'.repeat(9000)}`) as never;
    expect(() => withDefaults(deep('x'), deep('y'))).not.toThrow();
  });
});
