import { deletionPolicyAnnotation, releaseToAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

/**
 * What becomes of the service when its object is deleted. `unclear` is a word that nobody knows: it was stored while no policy
 * refused it, and may have meant either.
 */
export type DeletionPolicy =
  | { readonly kind: 'delete' }
  /** For a namespace, where it is another one. */
  | { readonly kind: 'retain'; readonly releaseTo?: string }
  | { readonly kind: 'unclear'; readonly key: string; readonly value: string };

/** A label of RFC 1123, as the names of namespaces are. */
const namespaceName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/u;

/** As the annotations on the instance say it; deleted where they say nothing. Two that contradict each other are unclear. */
export function deletionPolicyOf({ metadata }: KubeObject): DeletionPolicy {
  const value = metadata.annotations?.[deletionPolicyAnnotation];
  const releaseTo = metadata.annotations?.[releaseToAnnotation];
  if (value !== undefined && value !== 'delete' && value !== 'retain') {
    return { kind: 'unclear', key: deletionPolicyAnnotation, value };
  }
  if (releaseTo === undefined) return value === 'retain' ? { kind: 'retain' } : { kind: 'delete' };
  const isClear = namespaceName.test(releaseTo) && value !== 'delete';
  return isClear
    ? { kind: 'retain', releaseTo }
    : { kind: 'unclear', key: releaseToAnnotation, value: releaseTo };
}
