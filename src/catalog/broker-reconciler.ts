import { isConditionTrue } from '../api/conditions.ts';
import { finalizer } from '../api/group.ts';
import { brokerKey, brokerRefFromKey, type BrokerRef } from '../brokers/broker-ref.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import { slotOf, waitMs } from '../control/attempts.ts';
import type { Reconcile } from '../control/controller.ts';
import { readAnew } from '../control/read-anew.ts';
import { goOn, runSteps, stop, stopFor, type Step } from '../control/steps.ts';
import { syncRequestOf } from '../model/sync-request.ts';
import { deleteBroker } from './broker-deletion.ts';
import {
  minRelistIntervalMs,
  napMs,
  nextStatus,
  writeBrokerStatus,
  type BrokerTask,
  type CatalogDeps,
} from './broker-task.ts';
import { recordSync } from './record-sync.ts';
import { relistDue } from './relist-due.ts';
import type { RelistRequests } from './relist-requests.ts';
import { catalogStores, scopeOf } from './scope.ts';
import { syncCatalog } from './sync-catalog.ts';

/**
 * Keeps the classes and plans of one ClusterServiceBroker (key: its name) or ServiceBroker (key: namespace/name) in
 * line with its catalog. Level-triggered: it can be run at any time, and does nothing when nothing is due.
 */
export function brokerReconciler(
  deps: CatalogDeps & Pick<BrokerTask, 'live'>,
  relists: RelistRequests,
): Reconcile {
  return async (key, signal, turn) => {
    const ref = brokerRefFromKey(key);
    const scope = scopeOf(ref);
    const task: BrokerTask = {
      ...deps,
      ref,
      scope,
      catalog: catalogStores(deps.stores, scope),
      relists,
      signal,
      turn,
    };
    const broker = task.catalog.brokers.get(key);
    try {
      if (broker === undefined) return forget(task);
      return await runSteps<AnyBroker>(
        [
          (current) => deleteBroker(task, current),
          (current) => adopt(task, current),
          (current) => waitUntilDue(task, current),
          (current) => announce(task, current),
          (current) => waitForLane(task, current),
          (current) => fetchCatalog(task, current),
          (current) => waitUntilDue(task, current),
        ],
        broker,
        (known) => readAnew(task.client, scope.brokers, known, task.catalog.brokers, signal),
      );
    } finally {
      task.connections.lanes.leave(laneIdOf(ref));
    }
  };
}

const defaultMinRequestIntervalMs = 10_000;
/** For a lane it is woken; this is for what nobody has thought of. */
const lookAgainMs = 60_000;

/** The broker is gone: no connection, no memory of it may outlive it. */
function forget(task: BrokerTask): undefined {
  task.relists.forget(brokerKey(task.ref));
  task.connections.forget(task.ref);
}

/** When the broker is changed or deleted meanwhile, that brings it back here. */
async function fetchCatalog(task: BrokerTask, broker: AnyBroker): Promise<Step<AnyBroker>> {
  const outcome = await syncCatalog(task, broker);
  return outcome.kind === 'overtaken' ? stop : recordSync(task, broker, outcome);
}

/** Usually the admission webhook has set the finalizer at creation. */
async function adopt(task: BrokerTask, broker: AnyBroker): Promise<Step<AnyBroker>> {
  const { name, namespace, resourceVersion, finalizers = [] } = broker.metadata;
  if (finalizers.includes(finalizer)) return goOn(broker);
  const adopted = await task.client.patch<AnyBroker>(
    task.scope.brokers,
    namespace === undefined ? { name } : { namespace, name },
    { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } },
    { type: 'merge', signal: task.signal },
  );
  task.catalog.brokers.put(adopted);
  return goOn(adopted);
}

async function waitUntilDue(task: BrokerTask, broker: AnyBroker): Promise<Step<AnyBroker>> {
  const key = brokerKey(task.ref);
  if (syncRequestOf(broker) !== undefined) task.relists.request(key, { isUrgent: true });
  const due = relistDue({
    broker,
    defaultIntervalMs: task.settings.relistIntervalMs,
    backoffMs: waitMs(broker, task.settings.retry, task.times),
    recordedAgoMs: recordedAgoMs(task, broker),
    lastFetchMs: task.relists.lastFetchMs(key),
    lastAttemptMs: task.relists.lastAttemptMs(key),
    lastWrites: task.relists.lastWrites(key),
    request: task.relists.requestOf(key),
    minIntervalMs: minRelistIntervalMs(task),
    minRequestIntervalMs: task.settings.minRequestIntervalMs ?? defaultMinRequestIntervalMs,
    nowMs: task.stopwatch.elapsedMs(),
  });
  if (due.due) return goOn(broker);
  if (due.waitMs === undefined) return stop;
  if (isConditionTrue(broker.status?.conditions, 'Ready')) return stopFor(due.waitMs);
  return watchCredentials(task, due.waitMs);
}

/** Behind the requests for instances and bindings that are under way at this broker. */
function waitForLane({ connections, ref, turn }: BrokerTask, broker: AnyBroker): Step<AnyBroker> {
  const { namespace = '' } = ref;
  const user = { id: laneIdOf(ref), namespace, wake: () => turn.again() };
  return connections.lanes.enter(ref, user) === undefined ? goOn(broker) : stopFor(lookAgainMs);
}

function laneIdOf(ref: BrokerRef): string {
  return `Broker ${brokerKey(ref)}`;
}

function recordedAgoMs({ times }: BrokerTask, broker: AnyBroker): number | undefined {
  const text = broker.status?.lastCatalogRetrievalTime;
  const untilMs = text ? times.untilMs(slotOf(broker, 'lastCatalogRetrievalTime'), text) : Number.NaN;
  return Number.isNaN(untilMs) ? undefined : -untilMs;
}

/**
 * A broker may fail because of what a Secret or ConfigMap holds, and nobody watches these: they are read again now and
 * then, so that a corrected one does not wait for the end of a long back-off. The broker is not asked for it. When
 * there is a difference the connection is replaced, and that is news that wake this broker (see wake.ts).
 */
async function watchCredentials(task: BrokerTask, waitMs: number): Promise<Step<AnyBroker>> {
  await task.connections.connect(task.ref, task.signal, task.turn);
  return stopFor(napMs(task, waitMs));
}

/**
 * A spec that nobody has looked at yet: say that it is being looked at, before a slow broker answers. Only in the
 * status: for an event it is no news, and what comes of it is told in a moment.
 */
async function announce(task: BrokerTask, broker: AnyBroker): Promise<Step<AnyBroker>> {
  if (broker.status?.observedGeneration === broker.metadata.generation) return goOn(broker);
  const message = 'The catalog of the broker is being fetched.';
  const status = nextStatus(
    task,
    broker,
    { kind: 'working', reason: 'FetchingCatalog', message, usable: true },
    { attempts: undefined, nextAttemptTime: undefined, operationStartTime: undefined },
  );
  return goOn(await writeBrokerStatus(task, broker, status));
}
