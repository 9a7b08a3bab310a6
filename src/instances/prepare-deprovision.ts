import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { requestedForAnnotation } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { markedIdentity } from '../api/requested-identity.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { listPages } from '../kube/list-pages.ts';
import { objectKey } from '../kube/objects.ts';
import { attemptsEnded, isDeletion, isOnRecord } from '../operations/operation-status.ts';
import { record } from '../operations/record.ts';
import type { InstanceTask } from './instance-status.ts';

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
  await learnOfBindings(task, instance);
  const bindings = bindingsInTheWay(task, instance);
  if (bindings.length === 0) return goOn(instance);
  const shown = bindings
    .slice(0, 5)
    .map(({ metadata }) => `${metadata.name}${userOf(metadata)}`)
    .join(', ');
  const more = bindings.length > 5 ? ` and ${bindings.length - 5} more` : '';
  const reason = 'DeprovisionBlockedByExistingCredentials';
  const message = `All associated ServiceBindings must be removed before this ServiceInstance can be deleted: ${shown}${more}`;
  // The back-off of what the broker was asked before is over.
  await record(task, instance, { kind: 'deleting', reason, message }, attemptsEnded);
  return stop;
}

/** The workload that has the binding, where it was made for one. */
function userOf(metadata: ServiceBinding['metadata']): string {
  const identity = markedIdentity(metadata, metadata.annotations?.[requestedForAnnotation]);
  return identity?.of === 'login' ? ` (of ${identity.workload.kind}/${identity.workload.name})` : '';
}

/**
 * Before the DELETE: the store is told of bindings that its watch has not told of. Whoever has just begun to lead may
 * know less than the one before, whose bindings are in use.
 * @throws KubeApiError, KubeConnectionError: nobody knows, so nothing may be deleted
 */
export async function learnOfBindings(
  { client, stores, signal }: Pick<InstanceTask, 'client' | 'stores' | 'signal'>,
  instance: ServiceInstance,
): Promise<void> {
  if (isDeletion(instance, 'Deprovision')) return;
  // It waits for these in any case. Each that goes brings it here, and a list is as long as the namespace is full.
  if (bindingsInTheWay({ stores }, instance).length > 0) return;
  const { name, namespace } = instance.metadata;
  const keep = (binding: ServiceBinding): ServiceBinding | undefined =>
    binding.spec.instanceRef.name === name ? binding : undefined;
  const { items } = await listPages(client, serviceBindings, { namespace }, { signal }, keep);
  for (const binding of items) if (binding !== undefined) stores.serviceBindings.store.put(binding);
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
