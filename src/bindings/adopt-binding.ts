import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { finalizer } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { goOn, type Step } from '../control/steps.ts';
import type { BindingTask } from './binding-task.ts';

/** Completes what the admission webhook did not see: finalizer, externalID, secretName. Usually nothing is missing. */
export async function adoptBinding(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  const { metadata, spec } = binding;
  const hasFinalizer = metadata.finalizers?.includes(finalizer) === true;
  if (hasFinalizer && spec.externalID && spec.secretName) return goOn(binding);

  const { name, namespace, resourceVersion } = metadata;
  const finalizers = hasFinalizer ? metadata.finalizers : [...(metadata.finalizers ?? []), finalizer];
  const adopted = await task.client.patch<ServiceBinding>(
    serviceBindings,
    namespace === undefined ? { name } : { namespace, name },
    {
      metadata: { resourceVersion, finalizers },
      spec: { externalID: spec.externalID || task.newId(), secretName: spec.secretName || name },
    },
    { type: 'merge', signal: task.signal },
  );
  task.stores.serviceBindings.store.put(adopted);
  return goOn(adopted);
}
