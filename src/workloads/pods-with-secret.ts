import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { Store } from '../control/store.ts';
import { scoped } from '../model/stores.ts';
import type { KeptPod, RawPod } from './pod.ts';

/**
 * Pods that have not ended and name the Secret of a binding, in words. Of those that nobody injected, such as with `secretName` in a
 * volume of their own, only requested names are known.
 */
export function podsWithSecretOf(
  pods: Pick<Store<KeptPod, RawPod>, 'byIndex'>,
  { metadata, spec }: ServiceBinding,
): readonly string[] {
  return pods
    .byIndex('needs', scoped(metadata.namespace, spec.secretName ?? metadata.name))
    .filter(({ isFinished }) => !isFinished)
    .map((pod) => `Pod "${pod.metadata.name}"`);
}
