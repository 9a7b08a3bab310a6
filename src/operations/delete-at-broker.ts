import { timestamp } from '../control/attempts.ts';
import { stop, type Step } from '../control/steps.ts';
import type { Failure, Outcome } from '../osb/outcome-types.ts';
import type { DeletionAnswer } from '../osb/types.ts';
import { askedBy } from './asked-by.ts';
import { attemptAfter } from './attempt-steps.ts';
import type { AtBroker, BrokeredKind } from './brokered-kind.ts';
import { deleteAgain, deletionConfirmed } from './deletion-result.ts';
import { isInterrupting, isMitigating, type BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';
import { isOverdue, operationDeadline, pollAgain } from './polling.ts';

/** DELETE of an instance or a binding, for a user or as orphan mitigation (OSB, Deprovisioning and Unbinding). */
export async function deleteAtBroker<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
): Promise<Step<O>> {
  const known = kind.atBroker(object);
  if (known === undefined) return deleteAgain(task, kind, object, kind.deletion.unknownBroker);
  const connection = await task.connections.connect(known.broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') return deleteAgain(task, kind, object, connection.message);

  const intended = await recordDeletion(task, kind, object);
  const outcome = await known.delete(connection.client, askedBy(intended));
  // Stopped in the middle of the call: the intent stays, the next leader repeats the request.
  if (task.signal.aborted) return stop;
  switch (outcome.kind) {
    case 'done':
      return deletionConfirmed(task, kind, intended);
    case 'accepted':
      return followDeletion(task, kind, intended, known, outcome);
    case 'failed':
      task.connections.reportFailure(known.broker, outcome);
      return settleFailure(task, kind, intended, outcome);
  }
}

/**
 * Orphan mitigation is recorded already; an ordinary deletion is written down before it is sent. One that interrupts
 * what the broker is doing leaves the record of that as it is: the broker may want to finish it first.
 */
function recordDeletion<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  { deletion, save }: BrokeredKind<O, D>,
  object: O,
): Promise<O> {
  if (isMitigating(object)) return Promise.resolve(object);
  const { status, metadata } = object;
  const verdict = { kind: 'deleting', ...deletion.inFlight } as const;
  if (isInterrupting(object, deletion.operation)) {
    // Attempts of the making say nothing of the deletion.
    const isCounted = status?.observedGeneration === metadata.generation;
    return save(object, verdict, { attempts: isCounted ? status?.attempts : undefined }, 'resourceVersion');
  }
  const isStarted = status?.currentOperation === deletion.operation;
  return save(
    object,
    verdict,
    {
      currentOperation: deletion.operation,
      orphanMitigationInProgress: false,
      asyncOpInProgress: false,
      lastOperation: undefined,
      operationStartTime: isStarted ? status.operationStartTime : timestamp(task.clock.now()),
      attempts: isStarted ? status.attempts : undefined,
      nextAttemptTime: undefined,
    },
    'resourceVersion',
  );
}

async function followDeletion<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  { deletion, save, event }: BrokeredKind<O, D>,
  object: O,
  known: AtBroker,
  { operation, retryAfterMs }: Extract<Outcome<DeletionAnswer>, { kind: 'accepted' }>,
): Promise<Step<O>> {
  const isCleaning = isMitigating(object);
  const accepted = await save(
    object,
    { kind: isCleaning ? 'cleaning' : 'deleting', ...deletion.underWay },
    {
      ...(isCleaning ? {} : { currentOperation: deletion.operation }),
      orphanMitigationInProgress: isCleaning,
      asyncOpInProgress: true,
      lastOperation: operation,
      lastOperationDescription: undefined,
      operationStartTime: timestamp(task.clock.now()),
      operationDeadline: operationDeadline(task, known.maxPollingSeconds),
    },
    'uid',
  );
  event(accepted, 'Normal', deletion.underWay);
  return pollAgain(task, accepted, retryAfterMs);
}

async function settleFailure<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  failure: Failure,
): Promise<Step<O>> {
  const { deletion } = kind;
  if (failure.reason === 'ConcurrencyError') {
    const isWorking = isInterrupting(object, deletion.operation) && !isOverdue(task, object);
    if (isWorking) return waitForOperation(task, kind, object);
    const instead = await kind.giveWay?.(object);
    if (instead !== undefined) return instead;
  }
  const message = `${deletion.failed.message}: ${failure.message}`;
  return deleteAgain(task, kind, object, message, failure.retryAfterMs);
}

/**
 * The broker does not let itself be interrupted: its operation is polled to its end, or its deadline, then the DELETE
 * comes again.
 */
async function waitForOperation<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  { noun, deletion, save }: BrokeredKind<O, D>,
  object: O,
): Promise<Step<O>> {
  const { attempts } = attemptAfter(task, object);
  const busy = `The broker is still busy with this ${noun.toLowerCase()} (ConcurrencyError)`;
  const message = `${busy}; it is deleted when that has ended`;
  const verdict = { kind: 'deleting', reason: deletion.failed.reason, message, isRefused: true } as const;
  return pollAgain(task, await save(object, verdict, { attempts }, 'uid'));
}
