import { escapeName } from '../api/names.ts';
import type { SkippedCatalogItem } from '../api/generated/shared-types.ts';
import { brokerKey, describeBroker } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { sentence } from '../base/sentence.ts';
import { timestamp } from '../control/attempts.ts';
import { scoped } from '../model/stores.ts';
import { objectKey } from '../kube/objects.ts';
import type { Catalog, CatalogProblem } from '../osb/types.ts';
import { applyDiff } from './apply.ts';
import { BrokerWatch } from './broker-watch.ts';
import type { BrokerTask } from './broker-task.ts';
import { convertCatalog } from './convert.ts';
import { crowdedNamespace } from './crowded-namespace.ts';
import { diffCatalog } from './diff.ts';
import { nextStep } from './next-step.ts';
import { restrictCatalog } from './restrict.ts';
import { brokerNameOf, isFromCatalog, isRemoved, type AnyItem } from './scope.ts';
import { describeSkipped, skipped } from './skipped-item.ts';

/** What came of one attempt to bring classes and plans in line with a broker's catalog. */
export type SyncOutcome =
  | {
      readonly kind: 'synced';
      readonly classCount: number;
      readonly planCount: number;
      readonly skippedItems: readonly SkippedCatalogItem[];
      readonly etag: string | undefined;
      /** Classes and plans that had to be written. */
      readonly writes: number;
    }
  /** The broker object is gone, or says something else about how to reach the broker. */
  | { readonly kind: 'overtaken' }
  /** The broker says that its catalog is the one we have. */
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'failed';
      readonly reason: 'ErrorFetchingCatalog' | 'ErrorSyncingCatalog';
      readonly message: string;
      readonly retryAfterMs?: number | undefined;
      /** Something in this cluster is missing: looking again costs the broker nothing. */
      readonly isLocal?: boolean;
      readonly writes?: number;
    };

/** Fetches the catalog and writes what differs. Nothing is taken away when the fetch fails. */
export async function syncCatalog(task: BrokerTask, broker: AnyBroker): Promise<SyncOutcome> {
  const key = brokerKey(task.ref);
  task.relists.begin(key);
  const watch = new BrokerWatch(task.catalog.brokers, broker, task.signal);
  try {
    const outcome = await fetchAndWrite(task, broker, watch);
    return watch.isOvertaken && outcome.kind === 'failed' ? { kind: 'overtaken' } : outcome;
  } finally {
    watch.end();
  }
}

async function fetchAndWrite(task: BrokerTask, broker: AnyBroker, watch: BrokerWatch): Promise<SyncOutcome> {
  const connection = await task.connections.connect(task.ref, watch.signal, task.turn);
  if (connection.kind === 'unavailable') return fetchFailed(connection.message, { isLocal: true });

  // That the connection was replaced just now is no news for what comes next.
  task.relists.begin(brokerKey(task.ref));
  const fetched = await connection.client.catalog({ etag: usableETag(task, broker) }, watch.signal);
  if (watch.isOvertaken) return { kind: 'overtaken' };
  if (fetched.kind === 'unchanged') return { kind: 'unchanged' };
  if (fetched.kind === 'catalog') {
    return writeCatalog(task, broker, fetched.catalog, fetched.problems, fetched.etag);
  }
  task.connections.reportFailure(task.ref, fetched);
  const { reason, message, retryAfterMs } = fetched;
  const what = `Error getting broker catalog: ${reason}: ${message}`;
  const next = nextStep(reason, broker);
  return fetchFailed(next === undefined ? what : `${sentence(what)} ${next}`, { retryAfterMs });
}

async function writeCatalog(
  task: BrokerTask,
  broker: AnyBroker,
  catalog: Catalog,
  problems: readonly CatalogProblem[],
  etag: string | undefined,
): Promise<SyncOutcome> {
  const { scope, catalog: stores } = task;
  const crowd = crowdedNamespace(task, broker, catalog);
  if (crowd !== undefined) return syncFailed(task, crowd);
  const converted = convertCatalog(catalog, {
    scope,
    broker,
    className: (id) => nameFor(id, broker, stores.classes),
    planName: (id) => nameFor(id, broker, stores.plans),
  });
  const restricted = restrictCatalog(converted, broker.spec.catalogRestrictions, scope);
  if (restricted.kind === 'invalid') return syncFailed(task, restricted.message);

  const difference = diffCatalog(restricted.catalog, { broker, scope, stores });
  if (difference.kind === 'rejected') return syncFailed(task, difference.message);

  const writes = difference.diff.classes.length + difference.diff.plans.length;
  const applied = await applyDiff(difference.diff, {
    broker,
    scope,
    stores,
    client: task.client,
    concurrency: task.settings.writeConcurrency,
    now: timestamp(task.clock.now()),
    signal: task.signal,
  });
  if (applied.failed.length > 0) return syncFailed(task, describeSkipped(applied.failed), writes);
  return {
    kind: 'synced',
    classCount: applied.classCount,
    planCount: applied.planCount,
    skippedItems: [
      ...problems.map(({ path, name, message }) => skipped(path, name, message)),
      ...restricted.catalog.skipped,
      ...difference.diff.conflicts,
      ...applied.refused,
    ],
    etag,
    writes,
  };
}

/** Service Catalog once used the raw id as the name; an object of that time keeps it for ever. */
function nameFor(
  id: string,
  { metadata: { namespace, name: brokerName } }: AnyBroker,
  store: { get(key: string): AnyItem | undefined },
): string {
  const name = escapeName(id);
  if (name === id || store.get(scoped(namespace, name)) !== undefined) return name;
  const spec = store.get(scoped(namespace, id))?.spec;
  const isOld = spec !== undefined && spec.externalID === id && brokerNameOf(spec) === brokerName;
  return isOld ? id : name;
}

/**
 * The entity tag of the catalog in use. None when "not modified" would not mean "nothing to do": the spec has
 * changed since, or somebody removed a class or plan.
 */
function usableETag(task: BrokerTask, broker: AnyBroker): string | undefined {
  const { catalogETag, reconciledGeneration, skippedItems, ...counts } = broker.status ?? {};
  if (!catalogETag || reconciledGeneration !== broker.metadata.generation) return undefined;
  // What was left out, because its id was taken or it was refused, may be possible now.
  if (skippedItems !== undefined && skippedItems.length > 0) return undefined;
  const offered = (items: readonly AnyItem[]): number =>
    items.filter((item) => isFromCatalog(item) && !isRemoved(item)).length;
  const key = objectKey(broker);
  const isComplete =
    offered(task.catalog.classes.byIndex('broker', key)) === counts.serviceClassCount &&
    offered(task.catalog.plans.byIndex('broker', key)) === counts.servicePlanCount;
  return isComplete ? catalogETag : undefined;
}

function fetchFailed(
  message: string,
  options: { readonly retryAfterMs?: number | undefined; readonly isLocal?: boolean },
): SyncOutcome {
  return {
    kind: 'failed',
    reason: 'ErrorFetchingCatalog',
    message: `Error fetching catalog. ${message}`,
    ...options,
  };
}

function syncFailed(task: BrokerTask, message: string, writes = 0): SyncOutcome {
  const what = `Error syncing catalog from ${describeBroker(task.ref)}.`;
  return { kind: 'failed', reason: 'ErrorSyncingCatalog', message: `${what} ${message}`, writes };
}
