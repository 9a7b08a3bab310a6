import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { standingOf } from './answer-kind.ts';
import { ruleFor, type AnswerKind } from './answer-rules.ts';
import { askedBy } from './asked-by.ts';
import type { AtBroker, BrokeredKind } from './brokered-kind.ts';
import { deleteAgain, deletionConfirmed } from './deletion-result.ts';
import { isDeletion, isInterrupting, type BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';
import { causeOf, isOverdue, pollAgain, pollAnswer, retryAfterOf, type Polled } from './polling.ts';
import { tellProgress, tellUnclear } from './tell-progress.ts';

/** How an operation ended badly. */
export interface BadEnd {
  readonly answer: AnswerKind;
  readonly cause: string;
  readonly polled: Polled;
}

/** What the end of a creation or update comes to. */
export interface Making<O extends BrokeredObject> {
  readonly write: 'create' | 'update';
  readonly succeeded: (object: O) => Promise<Step<O>>;
  readonly failed: (object: O, end: BadEnd) => Promise<Step<O>>;
}

/** GET …/last_operation (OSB, Polling Last Operation) for whatever operation is under way. */
export async function pollOperation<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  making: Making<O>,
): Promise<Step<O>> {
  const key = objectKey(object);
  const { operation } = kind.deletion;
  if (object.status?.asyncOpInProgress !== true) return goOn(object);
  const isInterrupted = isInterrupting(object, operation);
  // A DELETE may be sent while the create is under way (OSB, Deprovisioning): do not make the user wait.
  if (isInterrupted && !isDeletionRefused(object)) return goOn(object);

  const waitMs = task.polls.waitMs(key);
  if (waitMs > 0) return stopFor(waitMs);
  task.polls.begin(key);
  const polled = await poll(task, object, kind.atBroker(object));
  if (task.signal.aborted) return stop;
  if (isInterrupted) return isGoingOn(task, object, polled) ? pollAgain(task, object) : goOn(object);
  return settlePoll(task, kind, object, making, polled);
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
  if (known === undefined) return { kind: 'unreachable', message: 'nothing says which broker has it' };
  const connection = await task.connections.connect(known.broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') return { kind: 'unreachable', message: connection.message };
  const polled = await known.poll(connection.client, askedBy(object));
  if (polled.kind === 'unclear') task.connections.reportFailure(known.broker, polled.failure);
  return polled;
}

async function settlePoll<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  making: Making<O>,
  polled: Polled,
): Promise<Step<O>> {
  const isDeleting = isDeletion(object, kind.deletion.operation);
  const write = isDeleting ? 'delete' : making.write;
  const answer = pollAnswer(task, write, object, polled);
  const { next } = ruleFor(write, answer, standingOf(object));
  const cause = causeOf(object, polled, answer);
  if (next === 'poll') {
    const told =
      polled.kind === 'in-progress'
        ? await tellProgress(task, kind, object, polled.description)
        : await tellUnclear(task, kind, object, cause);
    return pollAgain(task, told, retryAfterOf(polled));
  }
  task.polls.clear(objectKey(object));
  if (!isDeleting) {
    return next === 'settled' ? making.succeeded(object) : making.failed(object, { answer, cause, polled });
  }
  return next === 'settled'
    ? deletionConfirmed(task, kind, object)
    : deleteAgain(task, kind, object, `${kind.deletion.failed.message}: ${cause}`);
}
