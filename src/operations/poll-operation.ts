import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { standingOf } from './answer-kind.ts';
import { ruleFor } from './answer-rules.ts';
import { deleteAgain, deletionConfirmed } from './delete-at-broker.ts';
import type { OperationTask } from './kind.ts';
import { lastOperation } from './last-operation.ts';
import { isDeletion, isInterrupting, type BrokeredObject } from './operation-status.ts';
import { causeOf, isOverdue, pollAgain, pollAnswer, retryAfterOf, type Polled } from './polling.ts';
import { settle } from './record.ts';
import { tellProgress, tellUnclear } from './tell-progress.ts';

/** GET …/last_operation (OSB, Polling Last Operation) for whatever operation is under way. */
export async function pollOperation<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const key = objectKey(object);
  if (object.status?.asyncOpInProgress !== true) return goOn(object);
  const isInterrupted = isInterrupting(object, task.kind.deletion.operation);
  // A DELETE may be sent while the create is under way (OSB, Deprovisioning): do not make the user wait.
  if (isInterrupted && !isDeletionRefused(object)) return goOn(object);

  const waitMs = task.polls.waitMs(key);
  if (waitMs > 0) return stopFor(waitMs);
  task.polls.begin(key);
  const polled = await lastOperation(task, object);
  if (task.signal.aborted) return stop;
  if (isInterrupted) return isGoingOn(task, object, polled) ? pollAgain(task, object) : goOn(object);
  return settlePoll(task, object, polled);
}

/** The broker was asked to delete it already and said ConcurrencyError: see delete-at-broker.ts. */
function isDeletionRefused({ metadata, status }: BrokeredObject): boolean {
  return status?.observedGeneration === metadata.generation && (status?.attempts ?? 0) > 0;
}

function isGoingOn<O extends BrokeredObject>(task: OperationTask<O>, object: O, polled: Polled): boolean {
  const isOver = ['succeeded', 'failed', 'gone', 'absent'].includes(polled.kind);
  return !isOver && !isOverdue(task, object);
}

async function settlePoll<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  polled: Polled,
): Promise<Step<O>> {
  const { kind, polls } = task;
  const isDeleting = isDeletion(object, kind.deletion.operation);
  const write = isDeleting ? 'delete' : kind.writeOf(object);
  const answer = pollAnswer(task, write, object, polled);
  const { next } = ruleFor(write, answer, standingOf(object));
  const cause = causeOf(object, polled, answer);
  if (next === 'poll') {
    const told =
      polled.kind === 'in-progress'
        ? await tellProgress(task, object, polled.description)
        : await tellUnclear(task, object, cause);
    return pollAgain(task, told, retryAfterOf(polled));
  }
  polls.clear(objectKey(object));
  if (isDeleting) {
    return next === 'settled'
      ? deletionConfirmed(task, object)
      : deleteAgain(task, object, `${kind.deletion.failed.message}: ${cause}`);
  }
  if (next === 'settled') return kind.succeeded(task, object);
  await settle(task, object, kind.failed(object, { answer, cause, polled }));
  return stopFor(1);
}
