import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import type { Store } from './store.ts';

/**
 * Takes one finalizer away and leaves those of others. An object that is gone already is what was wanted. The answer
 * goes into the store at once, so that nobody acts on the object again before the watch tells that it is gone.
 * @throws KubeApiError; 409 when the object has changed since it was read: reconcile it again
 */
export async function removeFinalizer<T extends KubeObject>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource,
  object: T,
  finalizer: string,
  store: Pick<Store<T>, 'put' | 'remove'>,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, resourceVersion, deletionTimestamp, finalizers = [] } = object.metadata;
  if (!finalizers.includes(finalizer)) return;
  const remaining = finalizers.filter((entry) => entry !== finalizer);
  try {
    const released = await client.patch<T>(
      resource,
      namespace === undefined ? { name } : { namespace, name },
      { metadata: { resourceVersion, finalizers: remaining.length > 0 ? remaining : null } },
      { type: 'merge', signal },
    );
    // With its last finalizer the object is gone, and the answer still has the version of before.
    if (remaining.length === 0 && deletionTimestamp !== undefined) store.remove(released);
    else store.put(released);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
