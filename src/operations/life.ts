import { finalizer } from '../api/group.ts';
import type { Reconcile } from '../control/controller.ts';
import { readAnew } from '../control/read-anew.ts';
import { goOn, runSteps, stop, type Step } from '../control/steps.ts';
import { adopt, keepHold, repairLabels } from './adopt.ts';
import { leftToOtherCluster, waitForDecision } from './copied-id.ts';
import { deleteAtBroker, mitigateOrphan } from './delete-at-broker.ts';
import { HeldIds } from './held-ids.ts';
import type { Kind, OperationTask } from './kind.ts';
import { waitForNextAttempt } from './next-attempt.ts';
import type { OperationDeps } from './operation-deps.ts';
import type { BrokeredObject } from './operation-status.ts';
import { pollOperation } from './poll-operation.ts';
import { PollPace } from './poll-pace.ts';
import { waitWhileProtected } from './protection.ts';
import { purge } from './purge.ts';
import { record, release } from './record.ts';
import { serveSyncRequest, withSyncRequest } from './serve-sync-request.ts';
import { leaveLane, waitForLane } from './wait-for-lane.ts';
import { waitWhilePaused } from './wait-while-paused.ts';

/** A step of the life of whatever lives at a broker. */
type LifeStep = <O extends BrokeredObject>(task: OperationTask<O>, object: O) => Promise<Step<O>> | Step<O>;

const living: readonly LifeStep[] = [
  waitWhilePaused,
  serveSyncRequest,
  (task, object) => task.kind.announce?.(task, object) ?? goOn(object),
  repairLabels,
  (task, object) => task.kind.tend?.(task, object) ?? goOn(object),
  stopWhenSettled,
  leaveIdToHolder,
  waitForNextAttempt,
  // What is under way goes on before the spec is looked at: that may mean nothing, by a typo.
  keepHold,
  waitForLane,
  pollOperation,
  (task, object) => task.kind.resume?.(task, object) ?? goOn(object),
  (task, object) => task.kind.takeTurn?.(task, object) ?? goOn(object),
  mitigateOrphan,
  make,
];

const dying: readonly LifeStep[] = [
  stopWhenReleased,
  waitWhilePaused,
  serveSyncRequest,
  releaseUnlessAtBroker,
  purge,
  waitWhileProtected,
  (task, object) => task.kind.retain?.(task, object) ?? goOn(object),
  waitForNextAttempt,
  waitForLane,
  pollOperation,
  (task, object) => task.kind.mayGo?.(task, object) ?? goOn(object),
  releaseUnlessHolder,
  (task, object) => task.kind.takeTurn?.(task, object) ?? goOn(object),
  deleteAtBroker,
];

/**
 * Brings one ServiceInstance or ServiceBinding a step nearer to its spec. Level-triggered: everything it needs to know
 * is in the object, so it can be run at any time, after any crash, and does nothing when there is nothing to do.
 */
export function lifeOf<O extends BrokeredObject>(kind: Kind<O>, deps: OperationDeps): Reconcile {
  const { client, stores, stopwatch } = deps;
  const store = kind.storeOf(stores);
  const ids = new HeldIds(client, kind.resource, store, stores);
  const polls = new PollPace(stopwatch);
  const syncs = new PollPace(stopwatch);
  return async (key, signal, turn) => {
    try {
      const object = store.get(key);
      if (object === undefined) return undefined;
      const task: OperationTask<O> = { ...deps, kind, ids, polls, syncs, signal, turn };
      const isDying = object.metadata.deletionTimestamp !== undefined;
      const steps = (isDying ? dying : living).map((step) => (current: O) => step(task, current));
      const result = await runSteps(steps, object, (known) =>
        readAnew(client, kind.resource, known, store, signal),
      );
      return withSyncRequest(result, store.get(key), syncs);
    } finally {
      const known = store.get(key);
      if (known === undefined) for (const pace of [polls, syncs]) pace.forget(key);
      kind.afterRun?.(key, known);
      leaveLane(deps.connections, kind, key);
    }
  };
}

/** Nothing to do: the spec has been dealt with, for good or bad. */
async function stopWhenSettled<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  return (await task.kind.isSettled(task, object)) ? stop : goOn(object);
}

/** An object whose id is another's waits: nothing is asked of the broker, nor told to it. */
async function leaveIdToHolder<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const refusal = task.ids.refusal(task.kind, object);
  if (refusal === undefined) return goOn(object);
  await record(task, object, refusal);
  return stop;
}

/** Whatever it needs has to be there; then it is made, or changed. */
async function make<O extends BrokeredObject>(task: OperationTask<O>, object: O): Promise<Step<O>> {
  const found = task.kind.resolve(task, object);
  if (found.kind === 'found') {
    const waiting = await waitForDecision(task, object);
    return waiting ?? found.make(await adopt(task, object, found.refs));
  }
  // No timer: it is looked at again when what it needs appears.
  await record(task, object, found.verdict);
  return stop;
}

/** Our finalizer is gone already; others may still hold the object. */
function stopWhenReleased<O extends BrokeredObject>(_task: OperationTask<O>, object: O): Step<O> {
  return object.metadata.finalizers?.includes(finalizer) ? goOn(object) : stop;
}

/** What no broker has ever heard of goes without a call. */
async function releaseUnlessAtBroker<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  if (task.kind.mayBeAtBroker(object)) return goOn(object);
  return release(task, object, await leftToOtherCluster(task, object));
}

/** What the broker has under this id is another object's: it stays there. */
async function releaseUnlessHolder<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const holder = task.ids.holderOf(task.kind, object);
  return holder === undefined ? goOn(object) : release(task, object);
}
