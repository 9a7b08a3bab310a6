import { assert, json, property } from 'fast-check';
import { jsonEqual, parseExact } from '../../../src/base/json.ts';
import { parseApiJson } from '../../../src/kube/api-json.ts';

it.each([
  '12345678901234567890',
  '-9007199254740993',
  '1.0',
  '1e400',
  '[1,2.50]',
  '{"a":1E2}',
  '{"a":[0.1,10000000000000001]}',
  '[ 1.10 ]'.replaceAll(' ', ''),
])('writes %s back as it was', (text) => {
  const document = `{"value":${text}}`;
  expect(JSON.stringify(parseApiJson(document))).toBe(document);
});

it('gives plain numbers where JavaScript can hold them', () => {
  expect(parseApiJson('{"a":1,"b":-7,"c":9007199254740991,"d":0.5}')).toEqual({
    a: 1,
    b: -7,
    c: 9_007_199_254_740_991,
    d: 0.5,
  });
});

it('agrees with the exact parser on every document', () => {
  assert(
    property(json(), (text) => {
      expect(jsonEqual(parseApiJson(text), parseExact(text))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

it('still reads what nests too deep for the exact parser', () => {
  const text = `${'['.repeat(600)}1.50${']'.repeat(600)}`;
  expect(() => parseExact(text)).toThrow('nested deeper');
  expect(Array.isArray(parseApiJson(text))).toBe(true);
});

it('refuses what is no JSON', () => {
  expect(() => parseApiJson('{"a":')).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
  expect(() => parseApiJson('{"a": 1.5')).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
});
