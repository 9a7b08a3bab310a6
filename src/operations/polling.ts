import { pollDelayMs, slotOf, timestamp } from '../control/attempts.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/** `unreachable`: nobody could be asked, because the broker or its credentials are not there. */
export type Polled = PollOutcome | { readonly kind: 'unreachable' };

/** Comes back for the next poll, not before the broker's Retry-After and not after the deadline. */
export function pollAgain(task: OperationTask, object: BrokeredObject, retryAfterMs = 0): Step<never> {
  const leftMs = leftMsOf(task, object) ?? task.settings.operationTimeoutMs;
  const operation = { tookMs: tookMsOf(task, object), leftMs, maxMs: task.settings.maxPollIntervalMs };
  const delayMs = pollDelayMs(operation, retryAfterMs);
  task.polls.postpone(objectKey(object), delayMs);
  return stopFor(delayMs);
}

/** Of an operation accepted now: the plan's `maximum_polling_duration` or ours, whichever is first. */
export function operationDeadline(
  { clock, settings }: OperationTask,
  planSeconds: number | null | undefined,
): string {
  const planMs = (planSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return timestamp(clock.now() + Math.min(settings.operationTimeoutMs, planMs));
}

export function isOverdue(task: OperationTask, object: BrokeredObject): boolean {
  return (leftMsOf(task, object) ?? 1) <= 0;
}

/** Milliseconds until the deadline of the operation; undefined when it has none. */
function leftMsOf({ times, settings }: OperationTask, object: BrokeredObject): number | undefined {
  const deadline = object.status?.operationDeadline;
  if (!deadline) return undefined;
  const leftMs = times.untilMs(slotOf(object, 'operationDeadline'), deadline, settings.operationTimeoutMs);
  return Number.isNaN(leftMs) ? undefined : leftMs;
}

/** Milliseconds since the start of the operation. */
function tookMsOf({ times }: OperationTask, object: BrokeredObject): number {
  const start = object.status?.operationStartTime;
  if (!start) return 0;
  return Math.max(0, -times.untilMs(slotOf(object, 'operationStartTime'), start)) || 0;
}

/**
 * Why the operation under way has come to nothing, or undefined while it may still succeed. Running out of time
 * counts as failed (OSB, Polling Interval and Duration).
 */
export function failureOf(task: OperationTask, object: BrokeredObject, polled: Polled): string | undefined {
  if (polled.kind === 'failed') return polled.description ?? '(no description provided)';
  return isOverdue(task, object)
    ? `the broker had not finished by ${object.status?.operationDeadline ?? 'its deadline'}, the limit of the operation`
    : undefined;
}

/** As `failureOf`, of a deletion. What the broker does not know is asked for again, and should be answered with 410. */
export function deletionFailureOf(
  task: OperationTask,
  object: BrokeredObject,
  polled: Polled,
): string | undefined {
  if (polled.kind === 'absent') return 'the broker knows of no such operation (404)';
  return failureOf(task, object, polled);
}

export function retryAfterOf(polled: Polled): number | undefined {
  if (polled.kind === 'in-progress') return polled.retryAfterMs;
  return polled.kind === 'unclear' ? polled.failure.retryAfterMs : undefined;
}
