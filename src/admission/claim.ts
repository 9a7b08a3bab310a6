import { bindingAnnotationPrefixes, requestedByAnnotation } from '../api/group.ts';
import type { Annotations } from '../injection/pod.ts';
import { claimPrefixes } from '../model/scope.ts';

/** Where annotations of a workload count: on itself, and on its Pod template. */
export interface ClaimPlaces {
  readonly own: Annotations;
  readonly template: Annotations;
}

/**
 * What a write says about who asks for services.
 *
 * `new`: it asks for something. `by-hand`: it asks for nothing, and somebody wrote another name there. `dropped`: a manifest does
 * not know who asked, which is to stay. `idle`: nobody asks any more. `none`: it is about something else.
 */
export type Claim =
  | { readonly kind: 'new' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'none' }
  | { readonly kind: 'by-hand'; readonly before: string | undefined }
  | { readonly kind: 'dropped'; readonly before: string };

const { bind } = bindingAnnotationPrefixes;

/**
 * @param now as it will be stored, but for who asks
 * @param before undefined at creation
 */
export function claimOf(now: ClaimPlaces, before: ClaimPlaces | undefined): Claim {
  const written = entryOf(now.own);
  const places = [now.own, now.template];
  if (!places.some((annotations) => Object.keys(annotations).some((key) => key.startsWith(bind))))
    return { kind: 'idle' };
  if (asksAnew(now.own, before?.own ?? {}) || asksAnew(now.template, before?.template ?? {}))
    return { kind: 'new' };
  const old = before === undefined ? undefined : entryOf(before.own);
  if (written === old) return { kind: 'none' };
  return written === undefined && old !== undefined
    ? { kind: 'dropped', before: old }
    : { kind: 'by-hand', before: old };
}

function entryOf(annotations: Annotations): string | undefined {
  return Object.hasOwn(annotations, requestedByAnnotation) ? annotations[requestedByAnnotation] : undefined;
}

/** A source that goes asks for nothing; what is said about one that stays makes it another one. */
function asksAnew(now: Annotations, before: Annotations): boolean {
  const isOther = (key: string): boolean =>
    isClaim(key) && (!Object.hasOwn(before, key) || before[key] !== now[key]);
  const isLeft = (key: string): boolean =>
    isClaim(key) && !Object.hasOwn(now, key) && Object.hasOwn(now, bind + key.slice(key.indexOf('/') + 1));
  return Object.keys(now).some(isOther) || Object.keys(before).some(isLeft);
}

function isClaim(key: string): boolean {
  return claimPrefixes.some((prefix) => key.startsWith(prefix));
}
