import {
  array,
  assert,
  constantFrom,
  dictionary,
  jsonValue,
  letrec,
  oneof,
  property,
  string,
} from 'fast-check';
import {
  foldableFields,
  foldedFrom,
  foldJson,
  hasMoreValues,
  unfoldJson,
} from '../../../src/base/folded-json.ts';
import { jsonEqual, parseExact } from '../../../src/base/json.ts';
import { copyLazily, jsonOf, lazyText, putLazily, withField } from '../../../src/base/lazy-json.ts';

const fields = foldableFields(['parameters', 'metadata']);
const large = { list: Array.from({ length: foldedFrom / 2 }, () => ({})) };

function throughFolding(text: string): unknown {
  const folded = foldJson(text, fields);
  if (folded === undefined) return parseExact(text);
  const document = parseExact(folded.text);
  unfoldJson(document, folded, (holder, key, value) => putLazily(holder, key, value, parseExact));
  return document;
}

it('gives the same document as a parser, whatever strings and keys look like', () => {
  const awkward = oneof(
    string(),
    constantFrom('"parameters":{', '\\"metadata":[', '\\', '"', '}{', 'x'.repeat(foldedFrom)),
  );
  const key = oneof(
    constantFrom('parameters', 'metadata', '"parameters', '\\"metadata', '__proto__'),
    string(),
  );
  const { document } = letrec((tie) => ({
    document: oneof(
      { maxDepth: 4 },
      jsonValue(),
      awkward,
      array(tie('document')),
      dictionary(key, tie('document')),
    ),
  }));
  assert(
    property(document, (value) => {
      for (const text of [JSON.stringify(value), JSON.stringify(value, undefined, 2)]) {
        expect(jsonEqual(throughFolding(text), parseExact(text))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

it('leaves a large value unparsed until it is read, and a small one as it is', () => {
  const text = JSON.stringify({ spec: { parameters: large, metadata: { a: 1 } } });
  const { spec } = throughFolding(text) as { spec: { parameters: unknown; metadata: unknown } };
  expect(lazyText(spec, 'parameters')).toBe(JSON.stringify(large));
  expect(lazyText(spec, 'metadata')).toBeUndefined();
  expect(spec).toEqual({ parameters: large, metadata: { a: 1 } });
  expect(jsonOf(spec, 'metadata')).toBe('{"a":1}');
});

it('takes no text apart that is not complete', () => {
  expect(foldJson(`{"parameters":${JSON.stringify(large).slice(0, -1)}`, fields)).toBeUndefined();
});

it('keeps the text in copies', () => {
  const spec: { parameters?: unknown; size?: number } = { size: 1 };
  putLazily(spec, 'parameters', JSON.stringify(large));
  expect(lazyText(copyLazily(spec, { size: 2 }), 'parameters')).toBe(JSON.stringify(large));
  expect(copyLazily(spec, { parameters: 'other' })).toEqual({ size: 1, parameters: 'other' });
  const other = withField<typeof spec>({ size: 3 }, 'parameters', spec);
  expect([lazyText(other, 'parameters'), other.size]).toEqual([JSON.stringify(large), 3]);
  expect(withField<typeof spec>({ size: 3 }, 'parameters', {})).toEqual({ size: 3 });
});

it('counts values outside of strings', () => {
  expect(hasMoreValues(JSON.stringify([{}, {}, {}]), 5)).toBe(true);
  expect(hasMoreValues(JSON.stringify([{}, {}, {}]), 6)).toBe(false);
  expect(hasMoreValues(JSON.stringify(['{{{{,,,,\\"', '"[[[']), 2)).toBe(false);
});
