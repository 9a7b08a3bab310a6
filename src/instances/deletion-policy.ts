import { deletionPolicyAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

/**
 * What becomes of the service when its object is deleted. `unclear` is a word that nobody knows: it was stored while no policy
 * refused it, and may have meant either.
 */
export type DeletionPolicy =
  | { readonly kind: 'delete' }
  | { readonly kind: 'retain' }
  | { readonly kind: 'unclear'; readonly value: string };

/** As the annotation on the instance says it; deleted where it says nothing. */
export function deletionPolicyOf({ metadata }: KubeObject): DeletionPolicy {
  const value = metadata.annotations?.[deletionPolicyAnnotation];
  if (value === undefined || value === 'delete') return { kind: 'delete' };
  return value === 'retain' ? { kind: 'retain' } : { kind: 'unclear', value };
}
