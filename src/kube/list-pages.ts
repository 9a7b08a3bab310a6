import type { CallOptions, KubeClient } from './client.ts';
import { isGone, KubeConnectionError } from './errors.ts';
import type { KubeList, KubeObject } from './objects.ts';
import { isMissingNamespace } from './missing-namespace.ts';
import { placesOf, type NamespacedLister } from './places.ts';
import type { Selection } from './query.ts';
import type { Resource } from './resources.ts';

/** Parsing a page of 500 blocks the event loop for about 5 ms; 10,000 objects at once would for 130 ms. */
const largestPage = 500;
/** An object may have 1.5 MB, and takes many times that when it is parsed. A page of usual ones has less than this. */
const maxPageBytes = 4 * 1024 * 1024;

/**
 * The complete list of a kind, of all namespaces that there are for the client: see `listPages`. Those of several namespaces
 * are of several moments; one that does not exist has nothing.
 */
export async function listPlaces<T extends KubeObject, K = T>(
  client: NamespacedLister,
  resource: Resource,
  selection: Selection,
  options: CallOptions,
  keep: (item: T) => K,
): Promise<readonly K[]> {
  const items: K[] = [];
  for (const place of placesOf(client.namespaces, resource, selection)) {
    try {
      const { items: some } = await listPages(client, resource, place.selection, options, keep);
      for (const item of some) items.push(item);
    } catch (error) {
      if (!(await isMissingNamespace(error, place.namespace, client, options.signal))) throw error;
    }
  }
  return items;
}

/**
 * The complete list of a kind, read in pages; all of them show the same moment. Where objects are large the pages are
 * short: whoever writes many large objects must not fill up our memory.
 * @param keep what to keep of each item, called page by page
 */
export async function listPages<T extends KubeObject, K = T>(
  client: Pick<KubeClient, 'list'>,
  resource: Resource,
  selection: Selection,
  options: CallOptions,
  keep: (item: T) => K,
): Promise<KubeList<K>> {
  const items: K[] = [];
  let token: string | undefined;
  let limit = largestPage;
  for (;;) {
    const query = { ...selection, limit, continue: token };
    const bounded = limit === 1 ? options : { ...options, maxBytes: maxPageBytes };
    const page = await client.list<T>(resource, query, bounded).catch((error: unknown) => {
      if (token !== undefined && isGone(error)) return 'expired';
      if (error instanceof KubeConnectionError && error.code === 'TOO_LARGE') return 'too-large';
      throw error;
    });
    if (page === 'too-large') {
      limit = Math.ceil(limit / 25);
      continue;
    }
    if (page === 'expired') {
      // The token lived shorter than the reading took: begin again, in one piece.
      const whole = await client.list<T>(resource, selection, options);
      return { items: whole.items.map(keep), metadata: whole.metadata };
    }
    for (const item of page.items) items.push(keep(item));
    token = page.metadata.continue;
    if (!token) return { items, metadata: page.metadata };
    limit = Math.min(limit * 2, largestPage);
  }
}
