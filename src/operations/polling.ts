import { pollDelayMs, slotOf, timestamp } from '../control/attempts.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import { standingOf } from './answer-kind.ts';
import { ruleFor, type AnswerKind, type Write } from './answer-rules.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { OperationDeps } from './operation-deps.ts';
import type { PollPace } from './poll-pace.ts';

/** `unreachable`: nobody could be asked, because the broker or its credentials are not there. */
export type Polled = PollOutcome | { readonly kind: 'unreachable'; readonly message: string };

type Timing = Pick<OperationDeps, 'settings' | 'clock' | 'times'> & { readonly polls: PollPace };

/** Comes back for the next poll, not before the broker's Retry-After and not after the deadline. */
export function pollAgain(task: Timing, object: BrokeredObject, retryAfterMs = 0): Step<never> {
  const leftMs = leftMsOf(task, object) ?? task.settings.operationTimeoutMs;
  const operation = { tookMs: tookMsOf(task, object), leftMs, maxMs: task.settings.maxPollIntervalMs };
  const delayMs = pollDelayMs(operation, retryAfterMs);
  task.polls.postpone(objectKey(object), delayMs);
  return stopFor(delayMs);
}

/** Of an operation accepted now: the plan's `maximum_polling_duration` or ours, whichever is first. */
export function operationDeadline(
  { clock, settings }: Timing,
  planSeconds: number | null | undefined,
): string {
  const planMs = (planSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return timestamp(clock.now() + Math.min(settings.operationTimeoutMs, planMs));
}

export function isOverdue(task: Timing, object: BrokeredObject): boolean {
  return (leftMsOf(task, object) ?? 1) <= 0;
}

/** Milliseconds until the deadline of the operation; undefined when it has none. */
function leftMsOf(task: Timing, object: BrokeredObject): number | undefined {
  const { times, settings } = task;
  const deadline = object.status?.operationDeadline;
  // The original Service Catalog wrote down none.
  if (!deadline) return settings.operationTimeoutMs - tookMsOf(task, object);
  const leftMs = times.untilMs(slotOf(object, 'operationDeadline'), deadline, settings.operationTimeoutMs);
  return Number.isNaN(leftMs) ? undefined : leftMs;
}

/** Milliseconds since the start of the operation. */
function tookMsOf({ times }: Timing, object: BrokeredObject): number {
  const start = object.status?.operationStartTime;
  if (!start) return 0;
  return Math.max(0, -times.untilMs(slotOf(object, 'operationStartTime'), start)) || 0;
}

/** Why the operation under way has come to nothing, or why nobody knows how it goes, in words. */
export function causeOf({ status }: BrokeredObject, polled: Polled, answer: AnswerKind): string {
  if (answer === 'poll-overdue') {
    return `the broker had not finished by ${status?.operationDeadline ?? 'its deadline'}, the limit of the operation`;
  }
  switch (polled.kind) {
    case 'unclear':
      return polled.failure.message;
    case 'unreachable':
      return polled.message;
    case 'absent':
      return 'the broker knows of no such operation (404)';
    case 'gone':
      return 'the broker answered 410 Gone';
    default:
      return polled.description ?? '(no description provided)';
  }
}

/**
 * Which row of the rules the answer to a poll belongs to. Running out of time counts as failed (OSB, Polling Interval
 * and Duration), unless this very answer says how it ended.
 */
export function pollAnswer(task: Timing, write: Write, object: BrokeredObject, polled: Polled): AnswerKind {
  const answer = polled.kind === 'unreachable' ? 'poll-unclear' : (`poll-${polled.kind}` as const);
  const isOpen = ruleFor(write, answer, standingOf(object)).next === 'poll';
  return isOpen && isOverdue(task, object) ? 'poll-overdue' : answer;
}

export function retryAfterOf(polled: Polled): number | undefined {
  if (polled.kind === 'in-progress') return polled.retryAfterMs;
  return polled.kind === 'unclear' ? polled.failure.retryAfterMs : undefined;
}
