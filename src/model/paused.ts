import { pausedAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

/**
 * Nothing is to be asked of a broker for it, and nothing to be changed of it. A word that says neither yes nor no, which a
 * policy refuses where it is written, counts as yes: that can be made good.
 */
export function isPaused({ metadata }: Pick<KubeObject, 'metadata'>): boolean {
  const word = metadata.annotations?.[pausedAnnotation];
  return word !== undefined && word !== 'false';
}
