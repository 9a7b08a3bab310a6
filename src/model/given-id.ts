import { idMadeAnnotation } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';

/** An instance or a binding. */
interface WithId extends KubeObject {
  readonly spec: { readonly externalID?: string };
  readonly status?: { readonly instanceID?: string; readonly bindingID?: string };
}

/** The mark of an id that came with its object and was made for one of before. */
export const idOfBefore = 'before';

/** How far the clocks of a webhook and of the API server may be apart, and how long a CREATE may take between them. */
const toleranceMs = 60_000;

/**
 * The id in use came with the object, from a backup, a copy or a person: what the broker has under it may be older than
 * this object, so that no failure of ours makes it an orphan. Only the mark of whoever made an id says that it is new;
 * where it is missing, the id counts as given.
 */
export function hasGivenId(object: WithId): boolean {
  const { spec, status } = object;
  const inUse = status?.instanceID ?? status?.bindingID ?? spec.externalID;
  return Boolean(spec.externalID) && inUse === spec.externalID && !isMadeFor(object);
}

/** Its id was made for an object of before: this is that one from a backup, or a copy. */
export function cameBack(object: WithId): boolean {
  return hasGivenId(object) && Boolean(object.metadata.annotations?.[idMadeAnnotation]);
}

/**
 * The mark is the uid of the object, as the controller writes it, or a time that fits its creation, as the webhook does,
 * which is asked before there is a uid. So a mark that came back from a backup or with a copy says nothing.
 */
function isMadeFor({ metadata }: WithId): boolean {
  const mark = metadata.annotations?.[idMadeAnnotation];
  if (!mark) return false;
  const apartMs = Math.abs(Date.parse(mark) - Date.parse(metadata.creationTimestamp ?? ''));
  return mark === metadata.uid || apartMs <= toleranceMs;
}
