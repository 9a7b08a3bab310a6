import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { askedBy } from './asked-by.ts';
import type { AtBroker, BrokeredKind } from './brokered-kind.ts';
import { deleteAgain, deletionConfirmed } from './deletion-result.ts';
import { isDeletion, isInterrupting, isMitigating, type BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';
import { deletionFailureOf, isOverdue, pollAgain, retryAfterOf, type Polled } from './polling.ts';

/**
 * GET …/last_operation (OSB, Polling Last Operation) for whatever operation is under way.
 * @param settleCreation what the end of a creation or update comes to; undefined while it goes on
 */
export async function pollOperation<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  settleCreation: (object: O, polled: Polled) => Promise<Step<O> | undefined>,
): Promise<Step<O>> {
  const key = objectKey(object);
  const { operation } = kind.deletion;
  if (object.status?.asyncOpInProgress !== true) return goOn(object);
  const isInterrupted = isInterrupting(object, operation);
  // A DELETE may be sent while the create is under way (OSB, Deprovisioning): do not make the user wait.
  if (isInterrupted && !isDeletionRefused(object)) return goOn(object);

  const waitMs = task.polls.waitMs(key);
  if (waitMs > 0) return stopFor(waitMs);
  task.polls.forget(key);
  const polled = await poll(task, object, kind.atBroker(object));
  if (task.signal.aborted) return stop;
  if (isInterrupted) return isGoingOn(task, object, polled) ? pollAgain(task, object) : goOn(object);
  const settled = isDeletion(object, operation)
    ? await settleDeletion(task, kind, object, polled)
    : await settleCreation(object, polled);
  return settled ?? keepPolling(task, kind, object, polled);
}

/** The broker was asked to delete it already and said ConcurrencyError: see delete-at-broker.ts. */
function isDeletionRefused({ metadata, status }: BrokeredObject): boolean {
  return status?.observedGeneration === metadata.generation && (status?.attempts ?? 0) > 0;
}

function isGoingOn(task: OperationTask, object: BrokeredObject, polled: Polled): boolean {
  const isOver = ['succeeded', 'failed', 'gone', 'absent'].includes(polled.kind);
  return !isOver && !isOverdue(task, object);
}

async function poll(
  task: OperationTask,
  object: BrokeredObject,
  known: AtBroker | undefined,
): Promise<Polled> {
  if (known === undefined) return { kind: 'unreachable' };
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return { kind: 'unreachable' };
  const polled = await known.poll(connection.client, askedBy(object));
  if (polled.kind === 'unclear') task.connections.reportFailure(known.broker, polled.failure);
  return polled;
}

async function settleDeletion<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  polled: Polled,
): Promise<Step<O> | undefined> {
  if (polled.kind === 'succeeded' || polled.kind === 'gone') return deletionConfirmed(task, kind, object);
  const cause = deletionFailureOf(task, object, polled);
  if (cause === undefined) return undefined;
  return deleteAgain(task, kind, object, `${kind.deletion.failed.message}: ${cause}`);
}

/** Writes only when the broker has something new to say. */
async function keepPolling<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  polled: Polled,
): Promise<Step<O>> {
  const retryAfterMs = retryAfterOf(polled);
  const description = polled.kind === 'in-progress' ? polled.description : undefined;
  if (description === undefined || description === object.status?.lastOperationDescription) {
    return pollAgain(task, object, retryAfterMs);
  }
  const isDeleting = isDeletion(object, kind.deletion.operation);
  const progress = isDeleting ? kind.deletion.underWay : kind.progressOf(object);
  const verdict = {
    ...progress,
    kind: isMitigating(object) ? 'cleaning' : isDeleting ? 'deleting' : 'working',
    message: `${progress.message} (${description})`,
  } as const;
  const noted = await kind.save(object, verdict, { lastOperationDescription: description }, 'uid');
  return pollAgain(task, noted, retryAfterMs);
}
