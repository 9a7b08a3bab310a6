import { silentLogger } from '../../../src/base/logger.ts';
import type { BrokerRef } from '../../../src/brokers/broker-ref.ts';
import { Store } from '../../../src/control/store.ts';
import { createStores, idKey } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { HeldIds, type HoldingKind } from '../../../src/operations/held-ids.ts';

interface Thing extends KubeObject {
  readonly spec: { readonly externalID: string };
  readonly isRecorded?: boolean;
  readonly broker?: string;
}

const kind: HoldingKind<Thing> = {
  idOf: ({ spec }) => spec.externalID,
  mayBeAtBroker: ({ isRecorded }) => isRecorded === true,
  reach: ({ broker }) => (broker === undefined ? undefined : { broker: ref(broker) }),
};

function ref(name: string): BrokerRef {
  return { kind: 'ClusterServiceBroker', name };
}

let version = 0;
function thing(name: string, second: number, fields: Partial<Thing> = {}): Thing {
  const creationTimestamp = `2026-01-01T00:00:0${second}Z`;
  const metadata = {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    creationTimestamp,
    resourceVersion: `${++version}`,
  };
  return { metadata, spec: { externalID: 'id' }, ...fields };
}

function world(known: readonly Thing[], live: readonly Thing[] = known) {
  const store = new Store<Thing>({ indexes: { id: ({ spec }) => [idKey(spec.externalID)] } });
  for (const object of known) store.put(object);
  const stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  for (const [name, url] of [
    ['one', 'http://broker.example'],
    ['alias', 'http://broker.example/'],
    ['two', 'http://another.example'],
  ] as const) {
    stores.clusterServiceBrokers.store.put({ metadata: { name, resourceVersion: '1' }, spec: { url } });
  }
  let lists = 0;
  const list = () => {
    lists++;
    return Promise.resolve({ items: live, metadata: { resourceVersion: `${version}` } });
  };
  const client = { list } as unknown as Pick<KubeClient, 'list'>;
  const ids = new HeldIds<Thing>(client, serviceInstances, store, stores);
  const holderOf = (object: Thing): string | undefined => ids.holderOf(kind, object)?.metadata.name;
  return { ids, holderOf, lists: () => lists };
}

describe('an id belongs', () => {
  it('to whoever has it on record, else to the older one, else to either but not to both', () => {
    const [older, younger, same] = [thing('older', 1), thing('younger', 2), thing('zame', 2)];
    const some = world([older, younger, same]);
    expect([older, younger, same].map(some.holderOf)).toEqual([undefined, 'older', 'older']);
    const recorded = thing('recorded', 9, { isRecorded: true });
    const all = world([older, younger, recorded]);
    expect([older, younger, recorded].map(all.holderOf)).toEqual(['recorded', 'recorded', undefined]);
    const two = world([younger, same]);
    expect([younger, same].map(two.holderOf)).toEqual([undefined, 'younger']);
  });

  it('to the first also when the other writes it in capitals: a broker may keep UUIDs', () => {
    const first = thing('first', 1, { spec: { externalID: 'abc' } });
    const second = thing('second', 2, { spec: { externalID: 'ABC' } });
    expect(world([first, second]).holderOf(second)).toBe('first');
  });

  it('to one that is being deleted as well', () => {
    const dying = thing('dying', 1);
    const metadata = { ...dying.metadata, deletionTimestamp: '2026-01-01T00:01:00Z' };
    const next = thing('next', 2);
    expect(world([{ ...dying, metadata }, next]).holderOf(next)).toBe('dying');
  });

  it.each([
    ['the same broker', 'one', 'one', 'first'],
    ['two names of one broker', 'one', 'alias', 'first'],
    ['brokers of which nobody knows', 'one', 'unknown', 'first'],
    ['two brokers', 'one', 'two', undefined],
  ])('to the first of two that are on record at %s', (_name, left, right, holder) => {
    const first = thing('first', 1, { isRecorded: true, broker: left });
    const second = thing('second', 2, { isRecorded: true, broker: right });
    expect(world([first, second]).holderOf(second)).toBe(holder);
  });
});

describe('an id that is claimed', () => {
  const { signal } = new AbortController();

  it('is not to be had when the API server knows of a holder of whom no watch has told', async () => {
    const own = thing('own', 1);
    const some = world([own], [own, thing('unseen', 2, { isRecorded: true })]);
    const record = () => Promise.reject(new Error('recorded'));
    expect(some.holderOf(own)).toBeUndefined();
    expect(await some.ids.claim(kind, own, record, signal)).toBeUndefined();
    expect(some.lists()).toBe(1);
  });

  it('is put on record by one only, and can be claimed again after that', async () => {
    const [left, right] = [thing('left', 1), thing('right', 1)];
    const { ids } = world([left]);
    const { promise, resolve } = Promise.withResolvers<Thing>();
    const first = ids.claim(kind, left, () => promise, signal);
    expect(await ids.claim(kind, right, () => Promise.resolve(right), signal)).toBeUndefined();
    resolve(left);
    expect(await first).toBe(left);
    expect(await ids.claim(kind, left, () => Promise.resolve(left), signal)).toBe(left);
  });
});
