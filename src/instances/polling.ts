import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { pollDelayMs, timestamp } from '../control/attempts.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { InstanceTask } from './instance-task.ts';
import { planWithId } from './known-at-broker.ts';

/** Comes back for the next poll, not before the broker's Retry-After and not after the deadline. */
export function pollAgain(task: InstanceTask, instance: ServiceInstance, retryAfterMs = 0): Step<never> {
  const { operationStartTime, operationDeadline } = instance.status ?? {};
  const now = task.clock.now();
  const delayMs = pollDelayMs(
    {
      startedMs: operationStartTime ? Date.parse(operationStartTime) : now,
      deadlineMs: operationDeadline ? Date.parse(operationDeadline) : now + task.settings.operationTimeoutMs,
      maxMs: task.settings.maxPollIntervalMs,
    },
    task.clock,
    retryAfterMs,
  );
  task.polls.postpone(objectKey(instance), delayMs);
  return stopFor(delayMs);
}

/** The deadline of an operation accepted now: the plan's `maximum_polling_duration` or ours, whichever is first. */
export function operationTimes(
  task: InstanceTask,
  instance: ServiceInstance,
  planId: string,
): { readonly operationDeadline: string } {
  const plan = planWithId(instance, planId, task.stores);
  const planSeconds = plan?.status?.maximumPollingDurationSeconds ?? undefined;
  const limitMs = Math.min(
    task.settings.operationTimeoutMs,
    planSeconds === undefined ? Number.POSITIVE_INFINITY : planSeconds * 1000,
  );
  return { operationDeadline: timestamp(task.clock.now() + limitMs) };
}

export function isOverdue(task: InstanceTask, instance: ServiceInstance): boolean {
  const deadline = instance.status?.operationDeadline;
  return Boolean(deadline) && task.clock.now() >= Date.parse(deadline ?? '');
}
