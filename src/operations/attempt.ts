import type { BrokerRef } from '../brokers/broker-ref.ts';
import { timestamp, type NextAttempt } from '../control/attempts.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { Failure, Outcome } from '../osb/outcome-types.ts';
import { standingAt, standingOf } from './answer-kind.ts';
import type { Standing } from './answer-rules.ts';
import { idPauseMs } from './held-ids.ts';
import type { Changes, Judgement, OperationTask, Telling } from './kind.ts';
import { askWhatIsPending } from './last-operation.ts';
import { attemptAfter, pauseAfter } from './next-attempt.ts';
import { mitigationStarted, type AskedFor, type BrokeredObject } from './operation-status.ts';
import { operationDeadline, pollAgain } from './polling.ts';
import { record, settle, tell } from './record.ts';

/** Why there is no request: what is missing may appear later, what is refused is so until the spec changes. */
export interface Unprepared extends Telling {
  readonly kind: 'missing' | 'refused';
}

/** Parameters that can not be had, or are more than can be sent. */
export function withoutParameters(found: {
  readonly kind: 'unavailable' | 'refused';
  readonly message: string;
}): Unprepared {
  const kind = found.kind === 'refused' ? 'refused' : 'missing';
  return { kind, reason: 'ErrorWithParameters', message: found.message };
}

/** A request that makes or changes something, ready to be sent, and what its answers come to. */
export interface Attempt<O extends BrokeredObject, A> {
  readonly write: 'create' | 'update';
  readonly operation: string;
  readonly broker: BrokerRef;
  /** What is known of earlier requests. @default what the status says */
  readonly standing?: Standing;
  /** What is on record from before the request until its result is known. */
  readonly asksFor: AskedFor;
  readonly inFlight: Telling & { readonly usable?: boolean };
  /** Written together with that. */
  readonly changes?: Changes<O>;
  readonly send: (intended: O) => Promise<Outcome<A>>;
  /** What is in the answer may be in no other: it is dealt with even when we are being stopped. */
  readonly isOnlyAnswer?: boolean;
  readonly done: (
    intended: O,
    answer: { readonly status: number; readonly body: A },
    standing: Standing,
  ) => Promise<Step<O>>;
  /** What else a 202 says. */
  readonly accepted?: (intended: O, body: A) => Changes<O>;
  readonly failed: (intended: O, failure: Failure, next: NextAttempt, standing: Standing) => Judgement<O>;
}

/** Intent, request, judgement: for every PUT and PATCH, and for their repetition after a crash. */
export async function attempt<O extends BrokeredObject, A>(
  task: OperationTask<O>,
  object: O,
  tried: Attempt<O, A>,
): Promise<Step<O>> {
  const standing = tried.standing ?? standingOf(object);
  if (standing === 'repeated' && isChanged(object, tried)) return cleanUpEarlierAttempt(task, object);
  const intended = await recordIntent(task, object, tried);
  // The id is another's, or is about to be.
  if (intended === undefined) return stopFor(idPauseMs);
  const outcome = await tried.send(intended);
  // Stopped in the middle of the call: the intent stays, the next leader repeats the request.
  const isLost = outcome.kind !== 'done' || tried.isOnlyAnswer !== true;
  return task.signal.aborted && isLost
    ? stop
    : judge(task, intended, tried, outcome, standingAt(standing, outcome));
}

/**
 * Ready False with a reason and a next attempt: a Secret, a namespace or a broker is not there yet. Nothing is sent of
 * what is refused. What there is stays usable.
 */
export async function tellUnprepared<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  { kind, reason, message }: Unprepared,
  usable = false,
): Promise<Step<O>> {
  if (kind === 'refused') {
    await record(task, object, { kind: 'stalled', reason, message, failedReason: reason, usable });
    return stop;
  }
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, object);
  const verdict = { kind: 'retrying', reason, message, usable, nextAttemptTime } as const;
  await record(task, object, verdict, { attempts, nextAttemptTime });
  return stopFor(delayMs);
}

/** A creation was left unfinished, and what it asked for was not this: the same id would be refused (409). */
function isChanged<O extends BrokeredObject, A>(
  { status }: BrokeredObject,
  { write, asksFor: wanted }: Attempt<O, A>,
): boolean {
  if (write === 'update') return false;
  const earlier = status?.inProgressProperties ?? {};
  const fields = ['instanceID', 'serviceID', 'planID', 'parameterChecksum'] as const;
  return fields.some((field) => (earlier[field] ?? '') !== (wanted[field] ?? ''));
}

/** What the earlier attempt may have made is removed first, and the new one gets a new id. */
async function cleanUpEarlierAttempt<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const { operation, cleaningReason, changedMeanwhile } = task.kind.creation;
  await settle(task, object, {
    verdict: { kind: 'cleaning', reason: cleaningReason, message: changedMeanwhile },
    changes: mitigationStarted(operation, undefined),
    event: 'Warning',
  });
  return stopFor(1);
}

/**
 * Written before the request is sent, so that a crash can neither lose nor double what it makes.
 * @returns undefined when the id is not to be had
 */
function recordIntent<O extends BrokeredObject, A>(
  task: OperationTask<O>,
  object: O,
  { write, operation, asksFor, inFlight, changes }: Attempt<O, A>,
): Promise<O | undefined> {
  const { status, metadata } = object;
  const earlier = write === 'update' ? status?.inProgressProperties : undefined;
  const isSameGeneration = status?.observedGeneration === metadata.generation;
  const intend = (): Promise<O> =>
    record(
      task,
      object,
      { kind: 'working', ...inFlight },
      {
        ...changes,
        currentOperation: operation,
        operationStartTime: status?.operationStartTime ?? timestamp(task.clock.now()),
        // An earlier update whose result nobody knows stays on record until one has succeeded.
        inProgressProperties: earlier ?? asksFor,
        attempts: isSameGeneration ? status?.attempts : undefined,
        nextAttemptTime: undefined,
      },
    );
  const isClaim = write === 'create' && standingOf(object) === 'given';
  return isClaim ? task.ids.claim(task.kind, object, intend, task.signal) : intend();
}

function judge<O extends BrokeredObject, A>(
  task: OperationTask<O>,
  intended: O,
  tried: Attempt<O, A>,
  outcome: Outcome<A>,
  standing: Standing,
): Promise<Step<O>> {
  switch (outcome.kind) {
    case 'done':
      return tried.done(intended, outcome, standing);
    case 'accepted':
      return follow(task, intended, tried.accepted?.(intended, outcome.body) ?? {}, outcome);
    case 'failed':
      task.connections.reportFailure(tried.broker, outcome);
      return settleFailure(task, intended, tried, outcome, standing);
  }
}

/** A creation or update was accepted (202): it is polled from now on. */
async function follow<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  said: Changes<O>,
  { operation, retryAfterMs }: { readonly operation?: string; readonly retryAfterMs?: number },
): Promise<Step<O>> {
  const { kind, stores } = task;
  const progress = kind.progressOf(object);
  const followed = await record(
    task,
    object,
    { kind: 'working', ...progress },
    {
      ...said,
      asyncOpInProgress: true,
      lastOperation: operation,
      operationDeadline: operationDeadline(task, kind.reach(object, stores)?.maxPollingSeconds),
    },
    'uid',
  );
  tell(task, followed, 'Normal', progress);
  return pollAgain(task, followed, retryAfterMs);
}

async function settleFailure<O extends BrokeredObject, A>(
  task: OperationTask<O>,
  object: O,
  { failed }: Attempt<O, A>,
  failure: Failure,
  standing: Standing,
): Promise<Step<O>> {
  let pauseMs = pauseAfter(failure);
  if (failure.reason === 'ConcurrencyError') {
    const isOurs = standing === 'repeated' || standing === 'existing';
    pauseMs = Math.max(pauseMs, await askWhatIsPending(task, object, isOurs));
    if (task.signal.aborted) return stop;
    const instead = await task.kind.giveWay?.(task, object);
    if (instead !== undefined) return instead;
  }
  const next = attemptAfter(task, object, pauseMs);
  const judgement = failed(object, failure, next, standing);
  await settle(task, object, judgement, failure.requestIdentity);
  return stopFor(judgement.verdict.kind === 'retrying' ? next.delayMs : 1);
}
