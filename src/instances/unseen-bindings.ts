import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceBindings } from '../api/kinds.ts';
import { goOn, type Step } from '../control/steps.ts';
import { listPages } from '../kube/list-pages.ts';
import { isDeletion } from '../operations/operation-status.ts';
import type { InstanceTask } from './instance-task.ts';
import { bindingsInTheWay } from './prepare-deprovision.ts';

/**
 * Before the DELETE: the store is told of bindings that its watch has not told of. Whoever has just begun to lead may
 * know less than the one before, whose bindings are in use.
 * @throws KubeApiError, KubeConnectionError: nobody knows, so nothing may be deleted
 */
export async function learnOfBindings(
  { client, stores, signal }: Pick<InstanceTask, 'client' | 'stores' | 'signal'>,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (isDeletion(instance, 'Deprovision')) return goOn(instance);
  // It waits for these in any case. Each that goes brings it here, and a list is as long as the namespace is full.
  if (bindingsInTheWay({ stores }, instance).length > 0) return goOn(instance);
  const { name, namespace } = instance.metadata;
  const keep = (binding: ServiceBinding): ServiceBinding | undefined =>
    binding.spec.instanceRef.name === name ? binding : undefined;
  const { items } = await listPages(client, serviceBindings, { namespace }, { signal }, keep);
  for (const binding of items) if (binding !== undefined) stores.serviceBindings.store.put(binding);
  return goOn(instance);
}
