import type { KubeClient } from '../kube/client.ts';
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

/**
 * Brings the object's status to `nextStatus` with one JSON merge patch on the status subresource, and puts the
 * server's answer into the store at once, so that the next reconcile reads it. When nothing differs there is no
 * call and `object` itself is returned: a no-op write costs the API server as much as a real one.
 *
 * With the default guard a decision made on an old object is never stored.
 * @param nextStatus the whole status, not only what changes; fields left out are removed
 * @throws KubeApiError; 409 when the object has changed since it was read: reconcile it again
 */
export async function writeStatus<S extends object, T extends StatusObject<S>>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource,
  object: T & StatusObject<S>,
  nextStatus: S,
  store: Pick<Store<T>, 'put'>,
  signal: AbortSignal,
  guard: StatusGuard = 'resourceVersion',
): Promise<T> {
  const status = mergeDiff(object.status ?? {}, nextStatus);
  if (status === undefined) return object;

  const { name, namespace, resourceVersion, uid } = object.metadata;
  const written = await client.patch<T>(
    resource,
    namespace === undefined ? { name } : { namespace, name },
    { metadata: guard === 'uid' ? { uid } : { resourceVersion }, status },
    { type: 'merge', subresource: 'status', signal },
  );
  store.put(written);
  return written;
}
