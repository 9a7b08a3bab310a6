import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { attemptsEnded, isDeletion, isOnRecord } from '../operations/operation-status.ts';
import { brokeredInstance, releaseInstance } from './brokered-instance.ts';
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

/** What the broker has under this id is another object's: it stays there. */
export async function releaseUnlessHolder(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const holder = task.ids.holderOf(brokeredInstance(task), instance);
  return holder === undefined ? goOn(instance) : releaseInstance(task, instance);
}

/**
 * All bindings must be gone before the DELETE (OSB, Deprovisioning). Their removal brings the instance back here. What
 * was sent already is followed up whoever has come since, and whoever came too late and has nothing at the broker holds
 * nothing up.
 */
export async function waitForBindings(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (isDeletion(instance, 'Deprovision')) return goOn(instance);
  const bindings = bindingsInTheWay(task, instance);
  if (bindings.length === 0) return goOn(instance);
  const shown = bindings
    .slice(0, 5)
    .map(({ metadata }) => metadata.name)
    .join(', ');
  const more = bindings.length > 5 ? ` and ${bindings.length - 5} more` : '';
  const reason = 'DeprovisionBlockedByExistingCredentials';
  const message = `All associated ServiceBindings must be removed before this ServiceInstance can be deleted: ${shown}${more}`;
  // The back-off of what the broker was asked before is over.
  await saveInstance(task, instance, { kind: 'deleting', reason, message }, attemptsEnded);
  return stop;
}

/** As far as is known. */
export function bindingsInTheWay(
  { stores }: Pick<InstanceTask, 'stores'>,
  instance: ServiceInstance,
): readonly ServiceBinding[] {
  return stores.serviceBindings.store
    .byIndex('instance', objectKey(instance))
    .filter((binding) => isOnRecord(binding) || !isTooLate(binding, instance));
}

/** Made when the instance was being deleted already. Both times are the API server's. */
function isTooLate(binding: ServiceBinding, instance: ServiceInstance): boolean {
  const made = Date.parse(binding.metadata.creationTimestamp ?? '');
  return made > Date.parse(instance.metadata.deletionTimestamp ?? '');
}
