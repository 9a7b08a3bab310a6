import type { ServiceInstance, ServiceInstanceStatus } from '../api/generated/service-instance.ts';
import { serviceInstances } from '../api/kinds.ts';
import { changed, timestamp } from '../control/attempts.ts';
import { userSpecifiedNames } from '../control/resolve.ts';
import { writeStatus, type StatusGuard } from '../control/status-writer.ts';
import { statusOf, type Verdict } from '../control/verdict.ts';
import { spokenOf, type InstanceTask, type StatusChanges } from './instance-task.ts';
import { withUpgrade } from './upgrade-condition.ts';

/**
 * Writes the changes together with the conditions of the verdict: one write, none when nothing differs. The columns
 * Class and Plan follow the spec with every write.
 */
export async function saveInstance(
  task: InstanceTask,
  instance: ServiceInstance,
  verdict: Verdict,
  changes: StatusChanges = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<ServiceInstance> {
  const status = instance.status ?? {};
  const now = timestamp(task.clock.now());
  const names = userSpecifiedNames(instance.spec);
  const decided = changed<ServiceInstanceStatus>(status, {
    ...changes,
    userSpecifiedClassName: names.class,
    userSpecifiedPlanName: names.plan,
    ...statusOf(verdict, status, spokenOf(instance), now),
  });
  const next = { ...decided, conditions: withUpgrade(instance, decided, task.stores, now) };
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
