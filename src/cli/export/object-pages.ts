import type { KubeClient } from '../../kube/client.ts';
import { isGone, isNotFound } from '../../kube/errors.ts';
import { objectKey, type KubeObject } from '../../kube/objects.ts';
import type { Selection } from '../../kube/query.ts';
import type { Resource } from '../../kube/resources.ts';

/** An object may have 1.5 MB. */
const pageSize = 50;

/**
 * All objects of a kind in the order of the API server (by namespace and name), a few at a time, each once. Those of one kind
 * that is not served are none.
 * @throws KubeApiError, KubeConnectionError: what came so far is not all
 */
export async function* objectPages<T extends KubeObject>(
  client: Pick<KubeClient, 'list'>,
  resource: Resource,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<readonly T[], void, undefined> {
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    let page;
    try {
      page = await client.list<T>(resource, { ...selection, limit: pageSize, continue: token }, { signal });
    } catch (error) {
      if (token === undefined && isNotFound(error)) return;
      if (token === undefined || !isGone(error)) throw error;
      // It took longer than the API server keeps a view: the rest is of a newer one.
      page = await client.list<T>(resource, selection, { signal });
    }
    const fresh = page.items.filter((item) => !seen.has(objectKey(item)));
    for (const item of fresh) seen.add(objectKey(item));
    yield fresh;
    token = page.metadata.continue;
  } while (token);
}
