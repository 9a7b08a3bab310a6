import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import type { Store } from './store.ts';

/**
 * Puts into the store what the API server has of the object now. For conflicts: what is known is old, and a watch that
 * has gone silent would never say so.
 * @throws KubeApiError, KubeConnectionError when the API server did not say
 */
export async function readAnew<T extends KubeObject>(
  client: Pick<KubeClient, 'get'>,
  resource: Resource,
  object: T,
  store: Pick<Store<T>, 'put' | 'remove'>,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace } = object.metadata;
  try {
    const ref = namespace === undefined ? { name } : { namespace, name };
    store.put(await client.get<T>(resource, ref, { signal }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    store.remove(object);
  }
}
