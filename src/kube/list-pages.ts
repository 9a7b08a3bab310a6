import type { CallOptions, KubeClient } from './client.ts';
import { isGone } from './errors.ts';
import type { KubeList, KubeObject } from './objects.ts';
import type { Selection } from './query.ts';
import type { Resource } from './resources.ts';

/** Parsing a page of 500 blocks the event loop for about 5 ms; 10,000 objects at once would for 130 ms. */
const pageSize = 500;

/**
 * The complete list of a kind, read in pages; all of them show the same moment.
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
  for (;;) {
    const query = { ...selection, limit: pageSize, continue: token };
    const page = await client.list<T>(resource, query, options).catch((error: unknown) => {
      if (token !== undefined && isGone(error)) return undefined;
      throw error;
    });
    if (page === undefined) {
      // The token lived shorter than the reading took: begin again, in one piece.
      const whole = await client.list<T>(resource, selection, options);
      return { items: whole.items.map(keep), metadata: whole.metadata };
    }
    for (const item of page.items) items.push(keep(item));
    token = page.metadata.continue;
    if (!token) return { items, metadata: page.metadata };
  }
}
