import { escapeName } from '../api/names.ts';
import { builtInBrokerName } from '../api/user-provided.ts';
import { builtInBroker, builtInCatalog } from '../brokers/built-in-broker.ts';
import { timestamp } from '../control/attempts.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { applyDiff } from './apply.ts';
import type { CatalogDeps } from './broker-task.ts';
import { convertCatalog } from './convert.ts';
import { diffCatalog } from './diff.ts';
import { catalogStores, clusterScope } from './scope.ts';
import { describeSkipped } from './skipped-item.ts';

const key = builtInBrokerName;

/**
 * Keeps the class and plan of what is built in, as those of a broker are kept, but without a broker that could fail: they are
 * made when they are not there, and put right when somebody has changed them. To be created before the stores start.
 */
export function builtInCatalogController(
  deps: Pick<CatalogDeps, 'client' | 'stores' | 'logger' | 'clock'> & {
    readonly observe?: ReconcileObserver | undefined;
  },
): Controller {
  const { logger, observe, stores } = deps;
  const controller = new Controller({
    name: 'built-in-catalog',
    reconcile: async (_key, signal) => keep(deps, signal),
    concurrency: 1,
    logger,
    observe,
    isKnown: () => true,
  });
  controller.enqueue(key);
  stores.clusterServiceClasses.store.subscribe(({ object: { spec } }) => {
    if (spec.clusterServiceBrokerName === builtInBrokerName) controller.enqueue(key);
  });
  stores.clusterServicePlans.store.subscribe(({ object: { spec } }) => {
    if (spec.clusterServiceBrokerName === builtInBrokerName) controller.enqueue(key);
  });
  return controller;
}

/** @throws Error when something could not be written now */
async function keep(
  { client, stores, logger, clock }: Pick<CatalogDeps, 'client' | 'stores' | 'logger' | 'clock'>,
  signal: AbortSignal,
): Promise<undefined> {
  const scope = clusterScope;
  const context = { broker: builtInBroker, scope, stores: catalogStores(stores, scope) };
  const wanted = convertCatalog(builtInCatalog, { ...context, className: escapeName, planName: escapeName });
  const difference = diffCatalog(wanted, context);
  if (difference.kind === 'rejected') throw new Error(difference.message);
  const { diff } = difference;
  const now = timestamp(clock.now());
  const { failed, refused } = await applyDiff(diff, { ...context, client, signal, concurrency: 1, now });
  const taken = [...diff.conflicts, ...refused];
  if (taken.length > 0)
    logger.warn({ problem: describeSkipped(taken) }, 'what is built in can not be offered');
  if (failed.length > 0) throw new Error(describeSkipped(failed));
  return undefined;
}
