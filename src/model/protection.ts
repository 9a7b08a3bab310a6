import { deletionProtectionAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

/** Nobody may delete it, and nothing of it at the broker. Admission refuses other values than `true` and `false`. */
export function isProtected({ metadata }: Pick<KubeObject, 'metadata'>): boolean {
  return metadata.annotations?.[deletionProtectionAnnotation] === 'true';
}
