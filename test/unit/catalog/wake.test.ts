import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { brokerAnnotations } from '../../../src/api/broker-annotations.ts';
import type { BrokerNews } from '../../../src/brokers/broker-connections.ts';
import type { BrokerRef } from '../../../src/brokers/broker-ref.ts';
import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { RelistRequests } from '../../../src/catalog/relist-requests.ts';
import { clusterScope, namespacedScope, type CatalogScope } from '../../../src/catalog/scope.ts';
import { wakeOnBrokers, wakeOnInstances, wakeOnItems, wakeOnNews } from '../../../src/catalog/wake.ts';
import { createStores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Failure } from '../../../src/osb/outcome-types.ts';
import { clusterBroker, convert, service } from './catalog-fixture.ts';

describe('a broker is looked at', () => {
  const base = { ...clusterBroker, metadata: { ...clusterBroker.metadata, finalizers: ['f'] } };
  const cases: readonly [
    string,
    (broker: AnyBroker) => AnyBroker,
    keys: string[],
    urgent: boolean | undefined,
  ][] = [
    ['when its spec changed', (broker) => withMetadata(broker, { generation: 2 }), ['acme'], undefined],
    [
      'when it is deleted',
      (broker) => withMetadata(broker, { deletionTimestamp: 'now' }),
      ['acme'],
      undefined,
    ],
    [
      'when its finalizers changed',
      (broker) => withMetadata(broker, { finalizers: [] }),
      ['acme'],
      undefined,
    ],
    [
      'and relisted at once when an annotation says otherwise how to reach it',
      (broker) => withMetadata(broker, { annotations: { [brokerAnnotations.apiVersion]: '2.14' } }),
      ['acme'],
      true,
    ],
    [
      'not for another annotation',
      (broker) => withMetadata(broker, { annotations: { note: 'x' } }),
      [],
      undefined,
    ],
    ['not for its own status', (broker) => ({ ...broker, status: { attempts: 3 } }), [], undefined],
  ];

  it.each(cases)('%s', (_name, change, keys, urgent) => {
    const world = new World();
    world.putBroker(base);
    wakeOnBrokers(world.stores, world.queue);
    world.putBroker(change(base));
    expect(world.woken).toEqual(keys);
    expect(world.queue.relists.requestOf('acme')?.isUrgent).toBe(urgent);
  });

  it('when it is new, and when it is gone', () => {
    const world = new World();
    wakeOnBrokers(world.stores, world.queue);
    world.putBroker(base);
    world.removeBroker(base);
    expect(world.woken).toEqual(['acme', 'acme']);
  });

  it('when another broker is gone that may have held its ids', () => {
    const world = new World();
    const waiting = { ...base, metadata: { ...base.metadata, name: 'waiting', uid: 'w' } };
    world.putBroker(base);
    world.putBroker({ ...waiting, status: { skippedItems: [{ path: 'p', reason: 'taken' }] } });
    world.putBroker({ ...base, metadata: { ...base.metadata, name: 'content', uid: 'c' } });
    wakeOnBrokers(world.stores, world.queue);
    world.removeBroker(base);
    expect(world.woken).toEqual(['acme', 'waiting']);
    expect(world.queue.relists.requestOf('waiting')).toEqual({ isUrgent: false });
  });
});

describe('a class or plan', () => {
  it('is cleaned up when it has left the catalog', () => {
    const world = new World();
    const cleaned: string[] = [];
    wakeOnItems(world.stores, world.queue, 'classes', { enqueue: (key) => cleaned.push(key) });
    world.putClass(false);
    world.putClass(true);
    expect(cleaned).toEqual(['svc-1']);
    expect(world.woken).toEqual([]);
  });

  it.each([
    ['has its broker relisted when somebody deletes it', {}, ['acme']],
    ['is let go when its broker is being deleted', { deletionTimestamp: 'now' }, []],
  ])('%s', (_name, metadata, keys) => {
    const world = new World();
    world.putBroker(withMetadata(clusterBroker, metadata));
    const stored = world.putClass(false);
    wakeOnItems(world.stores, world.queue, 'classes', { enqueue: () => undefined });
    world.stores.clusterServiceClasses.store.remove(stored);
    expect(world.woken).toEqual(keys);
  });

  it('is let go when it had left the catalog', () => {
    const world = new World();
    world.putBroker(clusterBroker);
    const stored = world.putClass(true);
    wakeOnItems(world.stores, world.queue, 'classes', { enqueue: () => undefined });
    world.stores.clusterServiceClasses.store.remove(stored);
    expect(world.woken).toEqual([]);
  });
});

describe('news from whoever calls a broker', () => {
  const ref: BrokerRef = { kind: 'ClusterServiceBroker', name: 'acme' };
  const failure = (changes: Partial<Failure>): BrokerNews => ({
    kind: 'failure',
    ref,
    failure: {
      kind: 'failed',
      reason: 'Rejected',
      message: '',
      disposition: 'retry',
      orphanMitigation: false,
      sent: true,
      brokerLevel: false,
      ...changes,
    },
  });

  it.each<[string, BrokerNews, boolean | undefined]>([
    ['P46 relists for another maintenance version', failure({ reason: 'MaintenanceInfoConflict' }), false],
    [
      'relists for a broker that refuses everybody',
      failure({ reason: 'Unauthorized', brokerLevel: true }),
      false,
    ],
    ['is none when a user was refused', failure({ reason: 'Rejected' }), undefined],
    ['relists when the circuit opens', { kind: 'circuit', ref, state: 'open' }, false],
    ['relists at once when the circuit closes', { kind: 'circuit', ref, state: 'closed' }, true],
    ['relists at once when its credentials are others', { kind: 'replaced', ref }, true],
    ['is none when the circuit tries', { kind: 'circuit', ref, state: 'half-open' }, undefined],
    [
      'is none about a broker of the other scope',
      { kind: 'circuit', ref: { kind: 'ServiceBroker', namespace: 'n', name: 'acme' }, state: 'open' },
      undefined,
    ],
    [
      'is none about a broker that is gone',
      { kind: 'circuit', ref: { kind: 'ClusterServiceBroker', name: 'gone' }, state: 'open' },
      undefined,
    ],
  ])('%s', (_name, news, urgent) => {
    const world = new World();
    world.putBroker(clusterBroker);
    let listener = (_news: BrokerNews): void => undefined;
    wakeOnNews(
      {
        subscribe: (given) => {
          listener = given;
          return () => undefined;
        },
      },
      world.stores,
      world.queue,
    );
    listener(news);
    expect(world.queue.relists.requestOf('acme')?.isUrgent).toBe(urgent);
    expect(world.woken).toEqual(urgent === undefined ? [] : ['acme']);
  });
});

describe('an instance', () => {
  const cluster = { clusterServiceClassRef: { name: 'c' }, clusterServicePlanRef: { name: 'p' } };
  const namespaced = { serviceClassRef: { name: 'c' }, servicePlanRef: { name: 'p' } };

  it.each([
    ['that is gone lets class and plan go', cluster, undefined, ['class c', 'plan p']],
    ['of a namespace that is gone', namespaced, undefined, ['class n/c', 'plan n/p']],
    ['that changes its plan', cluster, { ...cluster, clusterServicePlanRef: { name: 'q' } }, ['plan p']],
    ['that changes otherwise', cluster, { ...cluster, updateRequests: 2 }, []],
    ['without references that is gone', {}, undefined, []],
  ])('%s', (_name, before, after, expected) => {
    const world = new World();
    const instance = (spec: object): ServiceInstance => ({
      metadata: { name: 'i', namespace: 'n', uid: 'i', resourceVersion: world.nextVersion() },
      spec,
    });
    world.stores.serviceInstances.store.put(instance(before));
    world.wakeOnInstances();
    if (after === undefined) world.stores.serviceInstances.store.remove(instance(before));
    else world.stores.serviceInstances.store.put(instance(after));
    expect(world.woken).toEqual(expected);
  });

  it('that is gone wakes the brokers that are being deleted', () => {
    const world = new World();
    const instance: ServiceInstance = { metadata: { name: 'i', namespace: 'n', uid: 'i' }, spec: {} };
    world.putBroker(withMetadata(clusterBroker, { deletionTimestamp: 'now' }));
    world.putBroker({ ...clusterBroker, metadata: { name: 'stays', uid: 's' } });
    world.stores.serviceInstances.store.put(instance);
    world.wakeOnInstances();
    world.stores.serviceInstances.store.remove(instance);
    expect(world.woken).toEqual(['acme']);
  });
});

class World {
  readonly stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  readonly woken: string[] = [];
  readonly queue = this.#queueOf(clusterScope);
  #version = 0;

  #queueOf(scope: CatalogScope) {
    const controller = { enqueue: (key: string) => void this.woken.push(key) };
    return { scope, relists: new RelistRequests({ elapsedMs: () => 0 }), controller };
  }

  nextVersion(): string {
    return String(++this.#version);
  }

  putBroker(broker: AnyBroker): void {
    const metadata = { ...broker.metadata, resourceVersion: this.nextVersion() };
    this.stores.clusterServiceBrokers.store.put({ ...broker, metadata } as never);
  }

  removeBroker(broker: AnyBroker): void {
    this.stores.clusterServiceBrokers.store.remove(broker as never);
  }

  putClass(isRemoved: boolean) {
    const [desired] = convert({ services: [service()] }).classes;
    const stored = {
      ...desired!.object,
      metadata: { ...desired!.object.metadata, uid: 'class-uid', resourceVersion: this.nextVersion() },
      status: { removedFromBrokerCatalog: isRemoved },
    } as never;
    this.stores.clusterServiceClasses.store.put(stored);
    return stored;
  }

  wakeOnInstances(): void {
    wakeOnInstances(
      this.stores,
      [this.queue, this.#queueOf(namespacedScope)],
      { enqueue: (key) => this.woken.push(`class ${key}`) },
      { enqueue: (key) => this.woken.push(`plan ${key}`) },
    );
  }
}

function withMetadata(broker: AnyBroker, metadata: object): AnyBroker {
  return { ...broker, metadata: { ...broker.metadata, ...metadata } };
}
