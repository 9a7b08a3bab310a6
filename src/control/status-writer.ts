import type { KubeClient } from '../kube/client.ts';
import { isConflict } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { mergeDiff } from './merge-diff.ts';
import type { Store } from './store.ts';

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
 * Brings the object's status to `nextStatus` with one JSON merge patch on the status subresource, and puts the
 * server's answer into the store at once, so that the next reconcile reads it. When nothing differs there is no
 * call and `object` itself is returned: a no-op write costs the API server as much as a real one.
 *
 * With the default guard a decision made on an old object is never stored. With `uid` the object is read again after a
 * conflict: in a write of a status the API server ignores a uid that is named, and would store what is said of one
 * object in another that has its name.
 * @param nextStatus the whole status, not only what changes; fields left out are removed
 * @throws KubeApiError; 409 when the object has changed since it was read, or is another one: reconcile it again
 */
export async function writeStatus<S extends object, T extends StatusObject<S>>(
  client: Pick<KubeClient, 'get' | 'patch'>,
  resource: Resource,
  object: T & StatusObject<S>,
  nextStatus: S,
  store: Pick<Store<T>, 'put'>,
  signal: AbortSignal,
  guard: StatusGuard = 'resourceVersion',
): Promise<T> {
  const status = mergeDiff(object.status ?? {}, nextStatus);
  if (status === undefined) return object;

  const { name, namespace, uid } = object.metadata;
  const ref = namespace === undefined ? { name } : { namespace, name };
  for (let { resourceVersion } = object.metadata, tries = 1; ; tries++) {
    try {
      const patch = { metadata: { resourceVersion }, status };
      const written = await client.patch<T>(resource, ref, patch, {
        type: 'merge',
        subresource: 'status',
        signal,
      });
      store.put(written);
      return written;
    } catch (error) {
      if (guard === 'resourceVersion' || !isConflict(error) || tries === mostTries) throw error;
      const { metadata } = await client.get<T>(resource, ref, { signal });
      if (metadata.uid !== uid) throw error;
      ({ resourceVersion } = metadata);
    }
  }
}
