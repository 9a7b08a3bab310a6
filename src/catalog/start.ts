import { Controller, type ReconcileObserver } from '../control/controller.ts';
import type { Stores } from '../model/stores.ts';
import { brokerReconciler } from './broker-reconciler.ts';
import type { CatalogDeps } from './broker-task.ts';
import { LiveInstances } from './live-instances.ts';
import { RelistRequests } from './relist-requests.ts';
import { itemReconciler } from './removed-items.ts';
import { catalogStores, clusterScope, namespacedScope } from './scope.ts';
import { wakeOnBrokers, wakeOnInstances, wakeOnItems, wakeOnNews, type BrokerQueue } from './wake.ts';

export interface CatalogControllers {
  /** To be started once every store has synced, in the process that leads. */
  readonly controllers: readonly Controller[];
  /** Stops listening to stores and connections. */
  readonly unsubscribe: () => void;
}

/**
 * The controllers of the catalog, with everything that wakes them: `cluster-service-broker`, `service-broker`,
 * `class-cleanup` and `plan-cleanup`. To be called before the stores start, so that no change is missed; keys wait
 * in the queues until the controllers start.
 */
export function createCatalogControllers(
  deps: CatalogDeps & { readonly observe?: ReconcileObserver | undefined },
): CatalogControllers {
  const { logger, observe, settings, stores, connections, stopwatch } = deps;
  const common = { logger, observe };
  const live = new LiveInstances(deps.client);

  const brokerQueues = [clusterScope, namespacedScope].map(
    (scope): BrokerQueue & { controller: Controller } => {
      const relists = new RelistRequests(stopwatch);
      const controller = new Controller({
        ...common,
        name: scope === clusterScope ? 'cluster-service-broker' : 'service-broker',
        reconcile: brokerReconciler({ ...deps, live }, relists),
        concurrency: settings.brokerConcurrency,
        isKnown: (key) => catalogStores(stores, scope).brokers.get(key) !== undefined,
      });
      return { scope, relists, controller };
    },
  );
  const cleanup = (what: 'class' | 'plan'): Controller =>
    new Controller({
      ...common,
      name: `${what}-cleanup`,
      reconcile: itemReconciler({ ...deps, live }, what),
      concurrency: settings.writeConcurrency,
      isKnown: (key) => isItemKnown(stores, what, key),
    });
  const classCleanup = cleanup('class');
  const planCleanup = cleanup('plan');

  const subscriptions = [
    ...brokerQueues.flatMap((queue) => [
      wakeOnBrokers(stores, queue),
      wakeOnItems(stores, queue, 'classes', classCleanup),
      wakeOnItems(stores, queue, 'plans', planCleanup),
      wakeOnNews(connections, stores, queue),
    ]),
    wakeOnInstances(stores, brokerQueues, classCleanup, planCleanup),
  ];
  return {
    controllers: [...brokerQueues.map(({ controller }) => controller), classCleanup, planCleanup],
    unsubscribe: () => subscriptions.forEach((unsubscribe) => unsubscribe()),
  };
}

/** Names of cluster-wide objects hold no slash. */
function isItemKnown(stores: Stores, what: 'class' | 'plan', key: string): boolean {
  const { classes, plans } = catalogStores(stores, key.includes('/') ? namespacedScope : clusterScope);
  return (what === 'class' ? classes : plans).get(key) !== undefined;
}
