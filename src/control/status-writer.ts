import { compact } from '../base/compact.ts';
import type { JsonObject } from '../base/json.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isForbidden } from '../kube/errors.ts';
import type { KubeObject, ObjectRef } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { mergeDiff, present } from './merge-diff.ts';
import type { Store } from './store.ts';

export type StatusClient = Pick<KubeClient, 'get' | 'replace' | 'patch'>;

/** An object whose status this program writes. */
export interface StatusObject<S extends object> extends KubeObject {
  readonly status?: S;
}

/**
 * What a write is conditional on. `resourceVersion`: the object is unchanged since it was read, for decisions and
 * intents. `uid`: it is still the same object, for results of calls that have happened and must not be lost
 * because somebody edited a label meanwhile.
 */
export type StatusGuard = 'resourceVersion' | 'uid';

/** Against somebody who writes the object again and again between our read and our write. */
const mostTries = 8;

/**
 * Brings the object's status to `nextStatus` with one PUT of the status, and puts the server's answer into the store at
 * once, so that the next reconcile reads it. When nothing differs there is no call and `object` itself is returned: a
 * no-op write costs the API server as much as a real one.
 *
 * Of a status that is replaced, the API server takes nothing but the status, so the rest of the object is not sent, and
 * it costs the server a fifth less than a patch (docs/decisions/0073-statuses-are-replaced.md).
 *
 * With the default guard a decision made on an old object is never stored. With `uid` the object is read again after a
 * conflict, and what differs is patched into what others have written meanwhile.
 * @param nextStatus the whole status, not only what changes; fields left out are removed
 * @throws KubeApiError; 409 when the object has changed since it was read, or is another one: reconcile it again
 */
export async function writeStatus<S extends object, T extends StatusObject<S>>(
  client: StatusClient,
  resource: Resource,
  object: T & StatusObject<S>,
  nextStatus: S,
  store: Pick<Store<T>, 'put'>,
  signal: AbortSignal,
  guard: StatusGuard = 'resourceVersion',
): Promise<T> {
  const difference = mergeDiff(object.status ?? {}, nextStatus);
  if (difference === undefined) return object;
  const written = await replaced<T>(client, resource, object, present(nextStatus), signal).catch(
    async (error: unknown) => {
      const patch = patchOf<T>(client, resource, object, difference, signal);
      // Who has the rights of the release before may patch alone.
      if (isForbidden(error)) return patch(object.metadata.resourceVersion);
      if (guard === 'resourceVersion' || !isConflict(error)) throw error;
      return patchedMeanwhile(client, resource, object, patch, signal, error);
    },
  );
  store.put(written);
  return written;
}

async function replaced<T extends KubeObject>(
  client: StatusClient,
  resource: Resource,
  object: KubeObject,
  status: object,
  signal: AbortSignal,
): Promise<T> {
  const { name, namespace, resourceVersion } = object.metadata;
  const metadata = compact({ name, namespace, resourceVersion });
  const body: StatusObject<object> = { metadata, status };
  return (await client.replace(resource, body, { subresource: 'status', signal })) as T;
}

type StatusPatch<T> = (resourceVersion: string | undefined) => Promise<T>;

function patchOf<T extends KubeObject>(
  client: StatusClient,
  resource: Resource,
  { metadata }: KubeObject,
  status: JsonObject,
  signal: AbortSignal,
): StatusPatch<T> {
  const options = { type: 'merge', subresource: 'status', signal } as const;
  return async (resourceVersion) =>
    client.patch<T>(resource, refOf(metadata), { metadata: { resourceVersion }, status }, options);
}

/**
 * Again and again on the version that is there, while it is still the same object: in a patch of a status the API server
 * ignores a uid that is named, and would store what is said of one object in another that has its name.
 */
async function patchedMeanwhile<T extends KubeObject>(
  client: StatusClient,
  resource: Resource,
  object: KubeObject,
  patch: StatusPatch<T>,
  signal: AbortSignal,
  conflict: unknown,
): Promise<T> {
  let error = conflict;
  for (let tries = 1; tries < mostTries; tries++) {
    const { metadata } = await client.get(resource, refOf(object.metadata), { signal });
    if (metadata.uid !== object.metadata.uid) break;
    try {
      return await patch(metadata.resourceVersion);
    } catch (again) {
      if (!isConflict(again)) throw again;
      error = again;
    }
  }
  throw error;
}

function refOf({ name, namespace }: KubeObject['metadata']): ObjectRef {
  return namespace === undefined ? { name } : { namespace, name };
}
