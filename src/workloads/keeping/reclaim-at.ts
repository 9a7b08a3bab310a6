import { reclaimAtAnnotation } from '../../api/group.ts';
import type { KubeObject } from '../../kube/objects.ts';

/**
 * When something goes that nobody asks for, as it is written on it: `<RFC 3339 time> <uid>`. Valid for the object with this
 * uid alone: one that was restored, or copied, begins anew.
 * @returns the time as text; undefined when there is none that counts
 */
export function reclaimAtOf({ metadata }: KubeObject): string | undefined {
  const [time, uid, ...more] = metadata.annotations?.[reclaimAtAnnotation]?.split(' ') ?? [];
  const isValid = time !== undefined && uid !== undefined && uid === metadata.uid && more.length === 0;
  return isValid && !Number.isNaN(Date.parse(time)) ? time : undefined;
}

/** Whether such an annotation is there at all, be it valid or not. */
export function hasReclaimAt({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[reclaimAtAnnotation] !== undefined;
}

/** @param time RFC 3339 */
export function reclaimMark(time: string, { metadata }: KubeObject): string {
  return `${time} ${metadata.uid ?? ''}`;
}
