import { bindingAnnotationPrefixes, secretHashAnnotationPrefix } from '../api/group.ts';
import { isBindingKey, liftedAnnotation } from './annotation-keys.ts';
import type { Annotations } from './pod.ts';

/** What stands on a Pod template and no manifest knows: it stays as long as nobody changes what it comes from. */

/** True when nobody has changed what is asked for. A copy that is missing was not known to who wrote the rest. */
export function isUnchanged(
  own: ReadonlyMap<string, string>,
  ownBefore: ReadonlyMap<string, string>,
  current: Annotations,
  old: Annotations,
): boolean {
  const copies = new Set(notedKeys(old[liftedAnnotation]));
  const now = bindingEntries(current);
  const then = bindingEntries(old);
  const isSame = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
    [...left].every(([key, value]) => right.get(key) === value);
  return (
    own.size === ownBefore.size &&
    isSame(own, ownBefore) &&
    isSame(now, then) &&
    [...then.keys()].every((key) => now.has(key) || copies.has(key))
  );
}

/** Copies, and the note of them, that were there before. */
export function droppedCopies(current: Annotations, old: Annotations): Annotations {
  const note = old[liftedAnnotation];
  if (note === undefined) return {};
  const keys = [liftedAnnotation, ...notedKeys(note)].filter((key) => Object.hasOwn(old, key));
  return Object.fromEntries(
    keys.flatMap((key) => (Object.hasOwn(current, key) ? [] : [[key, old[key] ?? '']])),
  );
}

/** Digests of Secrets that were there before, of bindings that still restart their workload. */
export function droppedHashes(next: Annotations, old: Annotations): Annotations {
  const restart = bindingAnnotationPrefixes.restart;
  return Object.fromEntries(
    Object.entries(old).filter(([key]) => {
      if (!key.startsWith(secretHashAnnotationPrefix) || Object.hasOwn(next, key)) return false;
      const setting = restart + key.slice(secretHashAnnotationPrefix.length);
      return Object.hasOwn(next, setting) && next[setting]?.trim() === 'on-change';
    }),
  );
}

/** What is asked for, and how. */
export function bindingEntries(annotations: Annotations | null | undefined): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(annotations ?? {}).filter(
      ([key, value]) => isBindingKey(key) && typeof value === 'string',
    ),
  );
}

/** The keys that the note of copies lists. */
export function notedKeys(text: string | undefined): readonly string[] {
  try {
    const keys: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string' && isBindingKey(key)) : [];
  } catch {
    return [];
  }
}
