import { findCondition, isConditionTrue } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import { expiringCondition, expiryReasons } from '../bindings/expiry.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Metrics } from '../observability/metrics.ts';
import { hasReclaimAt } from '../workloads/keeping/reclaim-at.ts';

interface Conditioned extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

type State = 'ready' | 'working' | 'retrying' | 'failed' | 'deleting';

/** Has metrics look into the stores at every scrape: how many objects there are in which state, catalog sizes. */
export function watchStores(metrics: Metrics, stores: Stores): void {
  const { clusterServiceBrokers, serviceBrokers, serviceInstances, serviceBindings } = stores;
  metrics.watchObjects('ClusterServiceBroker', () => countByState(clusterServiceBrokers.store.list()));
  metrics.watchObjects('ServiceBroker', () => countByState(serviceBrokers.store.list()));
  metrics.watchObjects('ServiceInstance', () => countByState(serviceInstances.store.list()));
  metrics.watchObjects('ServiceBinding', () => countByState(serviceBindings.store.list()));
  metrics.watchKept('ServiceInstance', () => serviceInstances.store.list().filter(hasReclaimAt).length);
  metrics.watchKept('ServiceBinding', () => serviceBindings.store.list().filter(hasReclaimAt).length);
  metrics.watchExpiring(() => countExpiring(serviceBindings.store.list()));
  metrics.watchCatalogs(() => [
    ...clusterServiceBrokers.store.list().map((broker) => ({
      broker: brokerRefOf(broker),
      classes: stores.clusterServiceClasses.store.byIndex('broker', broker.metadata.name).length,
      plans: stores.clusterServicePlans.store.byIndex('broker', broker.metadata.name).length,
    })),
    ...serviceBrokers.store.list().map((broker) => {
      const key = scoped(broker.metadata.namespace, broker.metadata.name);
      return {
        broker: brokerRefOf(broker),
        classes: stores.serviceClasses.store.byIndex('broker', key).length,
        plans: stores.servicePlans.store.byIndex('broker', key).length,
      };
    }),
  ]);
}

function countExpiring(bindings: readonly Conditioned[]): Readonly<Record<string, number>> {
  const told = bindings.map(({ status }) => findCondition(status?.conditions, expiringCondition)?.reason);
  return Object.fromEntries(
    expiryReasons.map((reason) => [reason, told.filter((each) => each === reason).length]),
  );
}

function countByState(objects: readonly Conditioned[]): Readonly<Record<State, number>> {
  const counts = { ready: 0, working: 0, retrying: 0, failed: 0, deleting: 0 };
  for (const object of objects) counts[stateOf(object)]++;
  return counts;
}

function stateOf({ metadata, status }: Conditioned): State {
  if (metadata.deletionTimestamp !== undefined) return 'deleting';
  if (isConditionTrue(status?.conditions, 'Stalled')) return 'failed';
  if (isConditionTrue(status?.conditions, 'Ready')) return 'ready';
  return findCondition(status?.conditions, 'Reconciling')?.reason === 'Backoff' ? 'retrying' : 'working';
}
