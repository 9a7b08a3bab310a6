import { mayGet, type Authorize } from './authorize.ts';
import type { AdmissionRequest } from './review.ts';

/** Names an object. */
export interface Holder {
  readonly namespace: string;
  readonly name: string;
}

/** The objects of a kind, as far as they are known, by which an id at a broker is in use. */
export type HoldersOf = (kind: string, id: string) => readonly Holder[];

/**
 * One id at a broker, one object: why an id that comes with the request can not be had, or undefined. Who holds it is told
 * to those only who may read that.
 */
export async function takenId(
  request: AdmissionRequest,
  id: unknown,
  holdersOf: HoldersOf,
  authorize: Authorize,
  timeoutMs: number,
): Promise<string | undefined> {
  if (typeof id !== 'string' || id === '') return undefined;
  const { kind, resource, namespace, name, user } = request;
  // One of the same name is this object, or a reason for the API server to say that it exists.
  const holder = holdersOf(kind, id).find((other) => other.namespace !== namespace || other.name !== name);
  if (holder === undefined) return undefined;
  const isTold = await authorize(mayGet(user, holder.namespace, resource, holder.name), timeoutMs).catch(
    () => false,
  );
  const who = isTold ? `${kind} "${holder.namespace}/${holder.name}"` : `another ${kind}`;
  return `spec.externalID "${id}" is held by ${who}: leave it out to have a new one`;
}
