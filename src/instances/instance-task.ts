import type { ServiceInstance, ServiceInstanceStatus } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import type { ChangesOf, JudgementOf, OperationTask } from '../brokers/operation.ts';
import { changed, timestamp } from '../control/attempts.ts';
import { writeStatus, type StatusGuard } from '../control/status-writer.ts';
import { statusOf, type Verdict } from '../control/verdict.ts';

/** What every step of one reconcile shares. */
export type InstanceTask = OperationTask;

export type StatusChanges = ChangesOf<ServiceInstanceStatus>;

/** What becomes of the status after an answer of the broker. */
export type Judgement = JudgementOf<ServiceInstanceStatus>;

/** Writes the changes together with the conditions of the verdict: one write, none when nothing differs. */
export async function saveInstance(
  task: InstanceTask,
  instance: ServiceInstance,
  verdict: Verdict,
  changes: StatusChanges = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<ServiceInstance> {
  const status = instance.status ?? {};
  const now = timestamp(task.clock.now());
  const next = changed<ServiceInstanceStatus>(status, {
    ...changes,
    ...statusOf(verdict, status, instance.metadata.generation ?? 0, now),
  });
  const { store } = task.stores.serviceInstances;
  return writeStatus(task.client, serviceInstances, instance, next, store, task.signal, guard);
}

export function instanceEvent(
  task: InstanceTask,
  instance: ServiceInstance,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { group, version, kind } = serviceInstances;
  task.events.record({ ...instance, apiVersion: `${group}/${version}`, kind }, type, reason, message);
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function instanceIdOf(instance: ServiceInstance): string {
  return instance.status?.instanceID ?? instance.spec.externalID ?? '';
}

/** Stores what a broker's answer came to and tells it as an event. Not bound to the resourceVersion: it happened. */
export async function settle(
  task: InstanceTask,
  instance: ServiceInstance,
  judgement: {
    readonly verdict: Verdict;
    readonly changes: StatusChanges;
    readonly event: 'Normal' | 'Warning';
  },
): Promise<ServiceInstance> {
  const { verdict, changes, event } = judgement;
  const settled = await saveInstance(task, instance, verdict, changes, 'uid');
  instanceEvent(task, instance, event, verdict.reason, verdict.message);
  return settled;
}
