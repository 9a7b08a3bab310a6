import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { pollDelayMs, timestamp } from '../control/attempts.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { BindingTask } from './binding-task.ts';

/** Comes back for the next poll, not before the broker's Retry-After and not after the deadline. */
export function pollAgain(task: BindingTask, binding: ServiceBinding, retryAfterMs = 0): Step<never> {
  const { operationStartTime, operationDeadline: deadline } = binding.status ?? {};
  const now = task.clock.now();
  const times = {
    startedMs: operationStartTime ? Date.parse(operationStartTime) : now,
    deadlineMs: deadline ? Date.parse(deadline) : now + task.settings.operationTimeoutMs,
    maxMs: task.settings.maxPollIntervalMs,
  };
  const delayMs = pollDelayMs(times, task.clock, retryAfterMs);
  task.polls.postpone(objectKey(binding), delayMs);
  return stopFor(delayMs);
}

/** The deadline of an operation accepted now: the plan's `maximum_polling_duration` or ours, whichever is first. */
export function operationDeadline(task: BindingTask, planSeconds: number | null | undefined): string {
  const planMs = (planSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  return timestamp(task.clock.now() + Math.min(task.settings.operationTimeoutMs, planMs));
}

export function isOverdue(task: BindingTask, { status }: ServiceBinding): boolean {
  return (
    Boolean(status?.operationDeadline) && task.clock.now() >= Date.parse(status?.operationDeadline ?? '')
  );
}
