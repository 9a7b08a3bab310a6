import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { finalizer, idMadeAnnotation } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { goOn, type Step } from '../control/steps.ts';
import { isOnRecord } from '../operations/operation-status.ts';
import type { BindingTask } from './binding-task.ts';

/** Completes what the admission webhook did not see: finalizer, externalID, secretName. Usually nothing is missing. */
export async function adoptBinding(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  const { metadata, spec } = binding;
  const isHeld = metadata.finalizers?.includes(finalizer) === true || isAbandoned(binding);
  if (isHeld && spec.externalID && spec.secretName) return goOn(binding);

  const { name, namespace, resourceVersion } = metadata;
  const finalizers = isHeld ? metadata.finalizers : [...(metadata.finalizers ?? []), finalizer];
  const adopted = await task.client.patch<ServiceBinding>(
    serviceBindings,
    namespace === undefined ? { name } : { namespace, name },
    { metadata: { resourceVersion, finalizers, ...markOf(binding) }, spec: completed(task, binding) },
    { type: 'merge', signal: task.signal },
  );
  task.stores.serviceBindings.store.put(adopted);
  return goOn(adopted);
}

function completed(task: BindingTask, { metadata, spec, status }: ServiceBinding): object {
  return {
    // Under another id the credentials that are there already would be lost.
    externalID: spec.externalID || status?.bindingID || task.newId(),
    secretName: spec.secretName || metadata.name,
  };
}

/** As the webhook marks it: an id that nobody gave. */
function markOf({ metadata, spec, status }: ServiceBinding): object {
  const isMade = !spec.externalID && !status?.bindingID;
  return isMade ? { annotations: { [idMadeAnnotation]: metadata.uid } } : {};
}

/** Somebody took the finalizer away and changed nothing else: the object is to go without a word to the broker. */
function isAbandoned(binding: ServiceBinding): boolean {
  return isOnRecord(binding) && binding.status?.observedGeneration === binding.metadata.generation;
}
