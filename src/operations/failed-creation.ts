import { sentence } from '../base/sentence.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Failure } from '../osb/outcome-types.ts';
import { answerKind, standingOf } from './answer-kind.ts';
import { ruleFor, type AnswerKind, type Rule, type Standing } from './answer-rules.ts';
import {
  attemptsEnded,
  leftOnRecord,
  mitigationStarted,
  operationEnded,
  type BrokeredObject,
  type ChangesOf,
  type OperationStatus,
} from './operation-status.ts';

/** The words in which conditions and events tell of a PUT that failed. */
export interface CreationWords<Creation extends string> {
  /** `status.currentOperation`. */
  readonly operation: Creation;
  /** Begins the message; followed by the cause. */
  readonly failed: string;
  readonly retryReason: string;
  readonly cleaningReason: string;
  readonly refusedReason: string;
  /** Reason of the Failed condition when the request was refused. */
  readonly failedReason: string;
  /** Begins the message about an operation that failed after a 202. */
  readonly pollFailed: string;
  /** Reason of the Failed condition then. */
  readonly pollFailedReason: string;
  /** What to know when something may have been left. */
  readonly leftHint: string;
  /** The same when it may be older than the object. */
  readonly olderHint: string;
  /** Told when something else is asked for while nobody knows how an earlier attempt ended. */
  readonly changedMeanwhile: string;
  /** What to know when the id is somebody else's. */
  readonly takenHint: string;
  /** The same when the id came with the object. @default takenHint */
  readonly givenTakenHint?: string;
}

export interface FailedCreation<Creation extends string> {
  readonly verdict: Verdict;
  readonly changes: ChangesOf<OperationStatus<Creation>>;
  readonly event: 'Warning';
}

/** What a PUT that failed comes to, by the rules of `answer-rules.ts`: clean up, give up, or try again. */
export function creationFailed<Creation extends string>(
  words: CreationWords<Creation>,
  failure: Failure,
  next: NextAttempt,
  standing: Standing,
): FailedCreation<Creation> & { readonly rule: Rule } {
  const rule = ruleFor('create', answerKind(failure), standing);
  return { ...judged(words, failure, next, standing, rule), rule };
}

function judged<Creation extends string>(
  words: CreationWords<Creation>,
  failure: Failure,
  next: NextAttempt,
  standing: Standing,
  { record, next: then }: Rule,
): FailedCreation<Creation> {
  const event = 'Warning';
  const cause = `${words.failed}: ${failure.message}`;
  const isLeft = record !== 'cleared';
  if (then === 'clean-up') {
    const verdict = { kind: 'cleaning', reason: words.cleaningReason, message: cause } as const;
    return { verdict, changes: mitigationStarted(words.operation, next.attempts), event };
  }
  if (then === 'stop' || then === 'leave') {
    const hint = then === 'leave' ? takenHintOf(words, standing) : hintOf(words, standing);
    const message = isLeft || then === 'leave' ? `${sentence(cause)} ${hint}` : cause;
    const { refusedReason: reason, failedReason } = words;
    const changes = { ...(isLeft ? leftOnRecord : operationEnded), ...attemptsEnded };
    return { verdict: { kind: 'stalled', reason, message, failedReason }, changes, event };
  }
  const { attempts, nextAttemptTime } = next;
  // 409 although it may be ours: the broker is busy with it, or does not know it again.
  const message = failure.reason === 'Conflict' ? `${sentence(cause)} ${words.leftHint}` : cause;
  return {
    verdict: { kind: 'retrying', reason: words.retryReason, message, nextAttemptTime },
    changes: {
      ...(isLeft ? {} : operationEnded),
      ...(record === 'existing' ? { existedBefore: true } : {}),
      attempts,
      nextAttemptTime,
    },
    event,
  };
}

/** What an accepted creation comes to that failed, or ran out of time: it is final, after what it left is deleted. */
export function pollOfCreationFailed<Creation extends string>(
  words: CreationWords<Creation>,
  { answer, cause }: { readonly answer: AnswerKind; readonly cause: string },
  object: BrokeredObject,
): FailedCreation<Creation> {
  const standing = standingOf(object);
  const { next: then } = ruleFor('create', answer, standing);
  const message = `${words.pollFailed}: ${cause}`;
  const failedReason = words.pollFailedReason;
  if (then === 'stop') {
    const told = `${sentence(message)} ${hintOf(words, standing)}`;
    const verdict = { kind: 'stalled', reason: words.refusedReason, message: told, failedReason } as const;
    return { verdict, changes: { ...leftOnRecord, ...attemptsEnded }, event: 'Warning' };
  }
  return {
    verdict: { kind: 'cleaning', reason: words.cleaningReason, message, failedReason },
    changes: mitigationStarted(words.operation, object.status?.attempts),
    event: 'Warning',
  };
}

function hintOf({ leftHint, olderHint }: CreationWords<string>, standing: Standing): string {
  return standing === 'existing' || standing === 'given' ? olderHint : leftHint;
}

function takenHintOf(
  { takenHint, givenTakenHint = takenHint }: CreationWords<string>,
  standing: Standing,
): string {
  return standing === 'given' ? givenTakenHint : takenHint;
}
