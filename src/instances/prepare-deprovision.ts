import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { releaseInstance } from './brokered-instance.ts';
import type { InstanceTask } from './instance-task.ts';
import { mayBeAtBroker } from './known-at-broker.ts';
import { saveInstance } from './save-instance.ts';

/** An instance that no broker has ever heard of goes without a call. */
export async function releaseUnlessAtBroker(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  return mayBeAtBroker(instance) ? goOn(instance) : releaseInstance(task, instance);
}

/** All bindings must be gone before the DELETE (OSB, Deprovisioning). Their removal brings the instance back here. */
export async function waitForBindings(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const bindings = task.stores.serviceBindings.store.byIndex('instance', objectKey(instance));
  if (bindings.length === 0) return goOn(instance);
  const shown = bindings
    .slice(0, 5)
    .map(({ metadata }) => metadata.name)
    .join(', ');
  const more = bindings.length > 5 ? ` and ${bindings.length - 5} more` : '';
  await saveInstance(task, instance, {
    kind: 'deleting',
    reason: 'DeprovisionBlockedByExistingCredentials',
    message: `All associated ServiceBindings must be removed before this ServiceInstance can be deleted: ${shown}${more}`,
  });
  return stop;
}
