import { findCondition, isConditionTrue } from '../api/conditions.ts';
import type { Condition } from '../api/generated/shared-types.ts';
import { sentence } from '../base/sentence.ts';
import { timestamp } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { Failure, Outcome } from '../osb/outcome-types.ts';
import type { DeletionAnswer } from '../osb/types.ts';
import { heldBack, isHeldBack } from './clean-up-guard.ts';
import type { OperationTask, Reach } from './kind.ts';
import { askWhatIsPending } from './last-operation.ts';
import { attemptAfter } from './next-attempt.ts';
import {
  askedBy,
  attemptsEnded,
  deletionRetried,
  isInterrupting,
  isMitigating,
  mayBePending,
  operationEnded,
  type BrokeredObject,
} from './operation-status.ts';
import { isOverdue, operationDeadline, pollAgain } from './polling.ts';
import { record, release, tell } from './record.ts';

/** Deletes what a failed request may have left at the broker, until the broker confirms (OSB, Orphan Mitigation). */
export async function mitigateOrphan<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  if (!object.status?.orphanMitigationInProgress) return goOn(object);
  const known = findCondition(object.status.conditions, 'OrphanMitigation');
  const { reason = `Starting${task.kind.noun}OrphanMitigation`, message = '' } = known ?? {};
  if (isHeldBack(task, object)) {
    await record(task, object, heldBack(task, object, message));
    return stop;
  }
  if (known?.status === 'True') return deleteAtBroker(task, object);
  // Switched on again: whoever waits for it should see it start.
  const started = await record(task, object, { kind: 'cleaning', reason, message });
  return deleteAtBroker(task, started);
}

/** DELETE of an instance or a binding, for a user or as orphan mitigation (OSB, Deprovisioning and Unbinding). */
export async function deleteAtBroker<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const { kind, connections, stores, signal, turn } = task;
  const reach = kind.reach(object, stores);
  if (reach === undefined) return deleteAgain(task, object, kind.deletion.unknownBroker);
  const connection = await connections.connect(reach.broker, signal, turn);
  if (connection.kind === 'unavailable') return deleteAgain(task, object, connection.message);

  const intended = await recordDeletion(task, object);
  const outcome = await reach.delete(connection.client, askedBy(intended), signal);
  // Stopped in the middle of the call: the intent stays, the next leader repeats the request.
  if (signal.aborted) return stop;
  switch (outcome.kind) {
    case 'done':
      return deletionConfirmed(task, intended);
    case 'accepted':
      return followDeletion(task, intended, reach, outcome);
    case 'failed':
      connections.reportFailure(reach.broker, outcome);
      return settleFailure(task, intended, outcome);
  }
}

/**
 * Orphan mitigation is recorded already; an ordinary deletion is written down before it is sent. One that interrupts
 * what the broker is doing leaves the record of that as it is: the broker may want to finish it first.
 */
function recordDeletion<O extends BrokeredObject>(task: OperationTask<O>, object: O): Promise<O> {
  if (isMitigating(object)) return Promise.resolve(object);
  const { deletion } = task.kind;
  const { status, metadata } = object;
  const verdict = { kind: 'deleting', ...deletion.inFlight } as const;
  if (isInterrupting(object, deletion.operation)) {
    // Attempts of the making say nothing of the deletion.
    const isCounted = status?.observedGeneration === metadata.generation;
    return record(task, object, verdict, { attempts: isCounted ? status?.attempts : undefined });
  }
  const isStarted = status?.currentOperation === deletion.operation;
  return record(task, object, verdict, {
    currentOperation: deletion.operation,
    orphanMitigationInProgress: false,
    asyncOpInProgress: false,
    operationStartTime: isStarted ? status.operationStartTime : timestamp(task.clock.now()),
    attempts: isStarted ? status.attempts : undefined,
    nextAttemptTime: undefined,
  });
}

async function followDeletion<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  { maxPollingSeconds }: Reach,
  { operation, retryAfterMs }: Extract<Outcome<DeletionAnswer>, { kind: 'accepted' }>,
): Promise<Step<O>> {
  const { deletion } = task.kind;
  const isCleaning = isMitigating(object);
  const accepted = await record(
    task,
    object,
    { kind: isCleaning ? 'cleaning' : 'deleting', ...deletion.underWay },
    {
      ...(isCleaning ? {} : { currentOperation: deletion.operation }),
      orphanMitigationInProgress: isCleaning,
      asyncOpInProgress: true,
      lastOperation: operation,
      lastOperationDescription: undefined,
      operationStartTime: timestamp(task.clock.now()),
      operationDeadline: operationDeadline(task, maxPollingSeconds),
    },
    'uid',
  );
  tell(task, accepted, 'Normal', deletion.underWay);
  return pollAgain(task, accepted, retryAfterMs);
}

async function settleFailure<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  failure: Failure,
): Promise<Step<O>> {
  const { deletion, giveWay } = task.kind;
  let { retryAfterMs = 0 } = failure;
  if (failure.reason === 'ConcurrencyError') {
    const isWorking = isInterrupting(object, deletion.operation) && !isOverdue(task, object);
    if (isWorking) return waitForOperation(task, object);
    retryAfterMs = Math.max(retryAfterMs, await askWhatIsPending(task, object, mayBePending(object)));
    if (task.signal.aborted) return stop;
    const instead = await giveWay?.(task, object);
    if (instead !== undefined) return instead;
  }
  const message = `${deletion.failed.message}: ${failure.message}`;
  return deleteAgain(task, object, message, { ...failure, retryAfterMs });
}

/**
 * The broker does not let itself be interrupted: its operation is polled to its end, or its deadline, then the DELETE
 * comes again.
 */
async function waitForOperation<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const { noun, deletion } = task.kind;
  const { attempts } = attemptAfter(task, object);
  const busy = `The broker is still busy with this ${noun.toLowerCase()} (ConcurrencyError)`;
  const message = `${busy}; it is deleted when that has ended`;
  const verdict = { kind: 'deleting', reason: deletion.failed.reason, message, isRefused: true } as const;
  return pollAgain(task, await record(task, object, verdict, { attempts }, 'uid'));
}

/** The broker has confirmed that it has nothing of the object any more. */
export function deletionConfirmed<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  return isMitigating(object) ? orphanMitigated(task, object) : release(task, object);
}

/** Waits for its turn and sends the DELETE again. Never gives up: the object stays until the broker has confirmed. */
export async function deleteAgain<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  message: string,
  { retryAfterMs, requestIdentity }: Pick<Failure, 'retryAfterMs' | 'requestIdentity'> = {},
): Promise<Step<O>> {
  const { deletion } = task.kind;
  const next = attemptAfter(task, object, retryAfterMs);
  const text = `${sentence(message)} Next attempt at ${next.nextAttemptTime}.`;
  const verdict = isMitigating(object)
    ? ({ kind: 'cleaning', reason: 'OrphanMitigationFailed', message: text } as const)
    : ({ kind: 'deleting', reason: deletion.failed.reason, message: text, isRefused: true } as const);
  // Also of one that interrupted something: from now on it is a deletion that is under way.
  const deleting = isMitigating(object) ? {} : { currentOperation: deletion.operation };
  await record(task, object, verdict, { ...deletionRetried(next), ...deleting }, 'uid');
  tell(task, object, 'Warning', { reason: verdict.reason, message, requestIdentity });
  return stopFor(next.delayMs);
}

/** The original Service Catalog took the condition away with every new spec, and wrote no generation into it. */
function isOfThisSpec(failed: Condition | undefined, { metadata, status }: BrokeredObject): boolean {
  const of = failed?.observedGeneration ?? status?.observedGeneration ?? metadata.generation;
  return of === metadata.generation;
}

/**
 * The broker is clean. Unless the failure was final, the next attempt starts after a pause and under a fresh id,
 * since ids should not be used again (OSB, Provisioning and Binding).
 */
async function orphanMitigated<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const { kind, newId } = task;
  const conditions = object.status?.conditions;
  const cause = findCondition(conditions, 'OrphanMitigation')?.message ?? '';
  tell(task, object, 'Normal', {
    reason: 'OrphanMitigationSuccessful',
    message: 'Orphan mitigation was completed successfully',
  });
  await kind.discard?.(task, object);
  const clean = { ...operationEnded, orphanMitigationInProgress: false, ...kind.anew(newId()) };

  const failed = findCondition(conditions, 'Failed');
  // A failure that was final for an older spec says nothing about the one that stands there now.
  const isFinal = isOfThisSpec(failed, object);
  if (failed !== undefined && isFinal && isConditionTrue(conditions, 'Failed')) {
    const { reason } = failed;
    const verdict = { kind: 'stalled', reason, message: cause, failedReason: reason } as const;
    await record(task, object, verdict, { ...clean, ...attemptsEnded }, 'uid');
    return stop;
  }
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, object);
  // What is told is what failed; that the clean-up worked would read like good news.
  const verdict = {
    kind: 'retrying',
    reason: kind.creation.retryReason,
    message: cause,
    nextAttemptTime,
  } as const;
  await record(task, object, verdict, { ...clean, attempts, nextAttemptTime }, 'uid');
  return stopFor(delayMs);
}
