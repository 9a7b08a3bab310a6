import { jsonEqual } from '../base/json.ts';
import { syncRequestedAtAnnotation } from '../api/group.ts';
import { brokerAnnotations } from '../api/broker-annotations.ts';
import type { BrokerConnections, BrokerNews } from '../brokers/broker-connections.ts';
import { brokerKey } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import type { Controller } from '../control/controller.ts';
import { scoped, type Stores } from '../model/stores.ts';
import { objectKey } from '../kube/objects.ts';
import { useOf, type InstanceUse } from './instance-use.ts';
import { isUntold } from './hand-made-item.ts';
import { wrongLabels } from './item-labels.ts';
import type { RelistRequest, RelistRequests } from './relist-requests.ts';
import { brokerNameOf, catalogStores, isRemoved, scopeOf, type AnyItem, type CatalogScope } from './scope.ts';

/** The queue of the brokers of one scope. */
export interface BrokerQueue {
  readonly scope: CatalogScope;
  readonly relists: RelistRequests;
  readonly controller: Pick<Controller, 'enqueue'>;
}

type Unsubscribe = () => void;

/** A broker is looked at when somebody else than its own reconciler changed it. */
export function wakeOnBrokers(stores: Stores, { scope, relists, controller }: BrokerQueue): Unsubscribe {
  const { brokers } = catalogStores(stores, scope);
  return brokers.subscribe(({ object, previous, removed }) => {
    const key = objectKey(object);
    if (removed) {
      controller.enqueue(key);
      // Ids that the broker held are free for others now.
      for (const other of brokers.list()) {
        if (!other.status?.skippedItems?.length) continue;
        relists.request(objectKey(other), { isUrgent: false });
        controller.enqueue(objectKey(other));
      }
      return;
    }
    // Annotations say how to reach the broker, and unlike the spec they have no generation.
    if (previous !== undefined && !jsonEqual(settingsOf(previous), settingsOf(object))) {
      relists.request(key, { isUrgent: true });
      controller.enqueue(key);
    } else if (previous === undefined || !jsonEqual(driversOf(previous), driversOf(object))) {
      controller.enqueue(key);
    }
  });
}

/** An item without offer, with wrong labels, or made by hand and new, is seen to; one that somebody deleted comes back with a relist. */
export function wakeOnItems(
  stores: Stores,
  { scope, relists, controller }: BrokerQueue,
  what: 'classes' | 'plans',
  cleanup: Pick<Controller, 'enqueue'>,
): Unsubscribe {
  const catalog = catalogStores(stores, scope);
  const onChange = ({ object, removed }: { readonly object: AnyItem; readonly removed: boolean }): void => {
    if (!removed) {
      const isWrong = isRemoved(object) || isUntold(object) || wrongLabels(scope[what], object) !== undefined;
      if (isWrong) cleanup.enqueue(objectKey(object));
      return;
    }
    if (isRemoved(object)) return;
    const key = scoped(object.metadata.namespace, brokerNameOf(object.spec));
    const broker = catalog.brokers.get(key);
    if (broker === undefined || broker.metadata.deletionTimestamp !== undefined) return;
    relists.request(key, { isUrgent: false });
    controller.enqueue(key);
  };
  return what === 'classes' ? catalog.classes.subscribe(onChange) : catalog.plans.subscribe(onChange);
}

/** Whoever calls a broker may find out that its catalog is out of date, or that the broker does not work. */
export function wakeOnNews(
  connections: Pick<BrokerConnections, 'subscribe'>,
  stores: Stores,
  { scope, relists, controller }: BrokerQueue,
): Unsubscribe {
  const { brokers } = catalogStores(stores, scope);
  return connections.subscribe((news) => {
    const key = brokerKey(news.ref);
    if (scopeOf(news.ref) !== scope || brokers.get(key) === undefined) return;
    const urgency = urgencyOf(news);
    if (urgency === undefined) return;
    // Most likely it is the fetch itself that opens or closes the circuit; it tells how it went.
    if (news.kind === 'circuit' && relists.isFetching(key)) return;
    relists.request(key, urgency);
    controller.enqueue(key);
  });
}

/** Undefined when the news are none for the catalog. */
function urgencyOf(news: BrokerNews): RelistRequest | undefined {
  switch (news.kind) {
    case 'replaced':
      return { isUrgent: true };
    case 'circuit':
      return news.state === 'half-open' ? undefined : { isUrgent: news.state === 'closed' };
    case 'failure': {
      const { brokerLevel, reason } = news.failure;
      return brokerLevel || reason === 'MaintenanceInfoConflict' ? { isUrgent: false } : undefined;
    }
  }
}

/** The last instance of a class, a plan or a broker that is to go lets it go. */
export function wakeOnInstances(
  stores: Stores,
  queues: readonly BrokerQueue[],
  classCleanup: Pick<Controller, 'enqueue'>,
  planCleanup: Pick<Controller, 'enqueue'>,
): Unsubscribe {
  return stores.serviceInstances.store.subscribe(({ object, previous, removed }) => {
    const before: Partial<InstanceUse> = previous === undefined ? {} : useOf(previous);
    const after: Partial<InstanceUse> = removed ? {} : useOf(object);
    if (before.class !== undefined && before.class !== after.class) classCleanup.enqueue(before.class);
    if (before.plan !== undefined && before.plan !== after.plan) planCleanup.enqueue(before.plan);
    if (!removed) return;
    for (const { scope, controller } of queues) {
      for (const broker of catalogStores(stores, scope).brokers.list()) {
        if (broker.metadata.deletionTimestamp !== undefined) controller.enqueue(objectKey(broker));
      }
    }
  });
}

function settingsOf(broker: AnyBroker): readonly (string | undefined)[] {
  return Object.values(brokerAnnotations).map((annotation) => broker.metadata.annotations?.[annotation]);
}

/** What of a broker's metadata calls for action; its status is written by the reconciler itself. */
function driversOf({ metadata }: AnyBroker): object {
  const { uid = '', generation = 0, deletionTimestamp = '', finalizers = [], annotations = {} } = metadata;
  const syncRequest = annotations[syncRequestedAtAnnotation] ?? '';
  return { uid, generation, deletionTimestamp, finalizers, syncRequest };
}
