import { adoptAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

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
