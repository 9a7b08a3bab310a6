import type { KubeObject } from '../kube/objects.ts';
import { idMarkOf, idOfPerson } from './id-mark.ts';

/** An instance or a binding. */
interface WithId extends KubeObject {
  readonly spec: { readonly externalID?: string };
  readonly status?: { readonly instanceID?: string; readonly bindingID?: string };
}

/** How far the clocks of a webhook and of the API server may be apart, and how long a CREATE may take between them. */
const toleranceMs = 60_000;

/** As the webhook writes it. What `Date` takes for a time besides, the policy which holds the mark would not know. */
const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

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
  const mark = idMarkOf(object);
  return hasGivenId(object) && mark !== undefined && mark.what !== idOfPerson;
}

/**
 * The id was another cluster's first, and this one has never used it. Whether that cluster is lost or lives, nobody can know.
 * @param cluster mark of this one
 * @returns the mark of the other one; undefined where there is none, or nobody has said
 */
export function clusterOfBefore(object: WithId, cluster: string): string | undefined {
  const { spec, status } = object;
  const first = idMarkOf(object)?.cluster;
  const isUsed = status?.instanceID !== undefined || status?.bindingID !== undefined;
  return spec.externalID && !isUsed && first !== cluster ? first : undefined;
}

/**
 * The mark is the uid of the object, as the controller writes it, or a time that fits its creation, as the webhook does,
 * which is asked before there is a uid. So a mark that came back from a backup or with a copy says nothing. A policy refuses it to
 * everybody else.
 */
export function isMadeFor(object: KubeObject): boolean {
  const { uid, creationTimestamp = '' } = object.metadata;
  const what = idMarkOf(object)?.what;
  if (what === undefined) return false;
  if (what === uid) return true;
  return time.test(what) && Math.abs(Date.parse(what) - Date.parse(creationTimestamp)) <= toleranceMs;
}
