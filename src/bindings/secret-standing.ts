import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel, group } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';
import { bindingIdOf } from './known-binding.ts';

/** The Secret of a binding: named in the spec, else like the binding (Service Catalog's default). */
export function secretNameOf(binding: ServiceBinding): string {
  return binding.spec.secretName ?? binding.metadata.name;
}

/**
 * Whose the Secret is that has the name of a binding's. `returned`: it says that it holds the credentials of this
 * very binding, and nobody else owns it, as after a restore from a backup; that is believed as far as it does no
 * harm: it may be written over, and what the broker has is not taken for an orphan.
 */
export type SecretStanding = 'absent' | 'own' | 'returned' | 'dying' | 'foreign';

export function secretStanding(secret: KubeObject | undefined, binding: ServiceBinding): SecretStanding {
  if (secret === undefined) return 'absent';
  if (secret.metadata.deletionTimestamp !== undefined) return 'dying';
  if (isOwnedBy(secret, binding)) return 'own';
  return isReturned(secret, binding) ? 'returned' : 'foreign';
}

/** Its credentials are those of the id that the binding has now. */
export function isOfBindingId({ metadata }: KubeObject, binding: ServiceBinding): boolean {
  const id = bindingIdOf(binding);
  return id !== '' && metadata.annotations?.[bindingIdAnnotation] === id;
}

function isOwnedBy({ metadata }: KubeObject, binding: ServiceBinding): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === binding.metadata.uid) === true;
}

function isReturned(secret: KubeObject, binding: ServiceBinding): boolean {
  const { labels, ownerReferences = [] } = secret.metadata;
  if (labels?.[bindingSecretLabel] !== 'true' || !isOfBindingId(secret, binding)) return false;
  // The binding of this name that there was before has another uid.
  return ownerReferences.every(
    ({ apiVersion, kind, name }) =>
      apiVersion.startsWith(`${group}/`) && kind === serviceBindings.kind && name === binding.metadata.name,
  );
}
