import { lazyText } from '../../../src/base/lazy-json.ts';
import { JsonText } from '../../../src/base/json-text.ts';
import { storedField } from '../../../src/catalog/stored-field.ts';
import { diffCatalog } from '../../../src/catalog/diff.ts';
import type { Catalog } from '../../../src/osb/types.ts';
import { Catalogue, clusterBroker, convert, plan, scopeOfBroker, service } from './catalog-fixture.ts';

function changesAfter(before: Catalog, after: Catalog): readonly object[] {
  const { stores } = new Catalogue().write(convert(before));
  const context = { broker: clusterBroker, scope: scopeOfBroker(clusterBroker), stores };
  const found = diffCatalog(convert(after), context);
  return found.kind === 'changes' ? [...found.diff.classes, ...found.diff.plans] : [found];
}

const max = 64 * 1024;
const large = { text: 'x'.repeat(5_000), n: 12 };

it('a large value is text until it is read', () => {
  const stored = storedField('externalMetadata', new JsonText(JSON.stringify(large)), max);
  const holder = stored.kind === 'stored' ? stored.holder : {};
  expect(lazyText(holder, 'externalMetadata')).toBe(JSON.stringify(large));
  expect(holder).toEqual({ externalMetadata: large });
});

it.each([
  ['is larger than allowed', JSON.stringify({ text: 'x'.repeat(max) }), `bytes are more than ${max}`],
  ['has so many values that it must be', `{"x":[${'{},'.repeat(max)}0]}`, `more than ${max} bytes`],
  ['is no JSON', `{x${'x'.repeat(5_000)}}`, 'it is not JSON'],
  ['nests too deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`, 'nested deeper than 100 levels'],
  ['holds a number that can not be stored', `{"n":1e400,"x":"${'x'.repeat(5_000)}"}`, 'can not be stored'],
])('a value that %s is left out, and it is said why', (_title, text, problem) => {
  expect(storedField('f', new JsonText(text), max)).toEqual({
    kind: 'unfit',
    problem: expect.stringContaining(problem) as unknown,
  });
});

it('a catalog with large metadata that did not change gives no changes, whatever the order of keys', () => {
  const before = {
    services: [service({ metadata: { a: large, b: 1 }, plans: [plan({ metadata: large })] })],
  };
  const metadata = new JsonText(JSON.stringify({ b: 1, a: { n: 12, text: large.text } }));
  const after = {
    services: [service({ metadata, plans: [plan({ metadata: new JsonText(JSON.stringify(large)) })] })],
  };
  expect(changesAfter(before, after)).toEqual([]);
  const other = { services: [service({ metadata, plans: [plan({ metadata: { ...large, n: 13 } })] })] };
  const [change] = changesAfter(before, other);
  expect(change).toMatchObject({
    kind: 'update',
    object: { spec: { externalMetadata: { ...large, n: 13 } } },
  });
});
