import { adoptAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';
import { idMarkOf, idOfAdopted } from '../model/id-mark.ts';

/**
 * What a person says of the service under `spec.externalID`: that it exists, and that this object takes it up. `unclear` is a word
 * that nobody knows: it was stored while no policy refused it.
 */
export type Adoption =
  { readonly kind: 'no' } | { readonly kind: 'yes' } | { readonly kind: 'unclear'; readonly value: string };

export function adoptionOf({ metadata }: KubeObject): Adoption {
  const value = metadata.annotations?.[adoptAnnotation];
  if (value === undefined || value === 'false') return { kind: 'no' };
  return value === 'true' ? { kind: 'yes' } : { kind: 'unclear', value };
}

/**
 * Whether the word counts in this cluster. One that another cluster has acted on came along with a copy, or a backup: it says
 * nothing of this one, and the service may be in use there.
 * @param isUsed something is on record of it here
 */
export function isAdoptedHere(object: KubeObject, isUsed: boolean): boolean {
  return adoptionOf(object).kind === 'yes' && (isUsed || idMarkOf(object)?.what !== idOfAdopted);
}
