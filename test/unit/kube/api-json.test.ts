import { jest } from '@jest/globals';
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
  '[1.10,"11:45:48.826Z"]',
])('writes %s back as it was', (text) => {
  const document = `{"value":${text}}`;
  expect(JSON.stringify(parseApiJson(document))).toBe(document);
});

it.each(['2026-11-30T11:45:48.826Z', 'bb8c32e0.6d04', 'one, 2.5x and more', '1234567890123456789'])(
  'takes the fast way for what only begins like such a number, in the string %s',
  (text) => {
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const document = JSON.stringify({ 'a:b': text, list: [text], count: 7 });
      expect(parseApiJson(document)).toEqual({ 'a:b': text, list: [text], count: 7 });
      expect(parse.mock.calls).toEqual([[document]]);
    } finally {
      parse.mockRestore();
    }
  },
);

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
