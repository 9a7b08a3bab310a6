import { Store } from '../../../src/control/store.ts';
import { idKey } from '../../../src/model/stores.ts';
import { concernedKeys } from '../../../src/operations/concerned-keys.ts';
import type { BrokeredObject } from '../../../src/operations/operation-status.ts';

const idOf = ({ spec }: BrokeredObject): string => spec.externalID ?? '';

const object = (name: string, externalID: string, resourceVersion = '1'): BrokeredObject => ({
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion },
  spec: { externalID },
});

function keysFor(known: readonly BrokeredObject[], changed: BrokeredObject): readonly string[] {
  const store = new Store<BrokeredObject>({ indexes: { id: (each) => [idKey(idOf(each))] } });
  for (const each of known) store.put(each);
  const named: string[] = [];
  store.subscribe((change) => named.push(...concernedKeys(store, idOf, change)));
  store.put(changed);
  return named;
}

it('an object whose id nobody else has is looked at alone, and once', () => {
  expect(keysFor([object('other', 'b')], object('db', 'a'))).toEqual(['shop/db']);
});

it('whoever has its id, in whatever spelling, is looked at as well', () => {
  expect(keysFor([object('copy', 'A')], object('db', 'a'))).toEqual(['shop/db', 'shop/copy']);
});

it('whoever has the id that it had before is, too', () => {
  const known = [object('copy', 'a'), object('db', 'a')];
  expect(keysFor(known, object('db', 'fresh', '2'))).toEqual(['shop/db', 'shop/copy']);
});
