import type { Store } from '../control/store.ts';
import { writeStatus, type StatusClient } from '../control/status-writer.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Resource } from '../kube/resources.ts';
import { handMadeStatus, type ItemStatus } from './item-status.ts';
import { isFromCatalog, isRemoved, type AnyItem } from './scope.ts';

/** Somebody has made or changed it by hand since its status was written. */
export function isUntold(item: AnyItem): boolean {
  const isHandMade = !isFromCatalog(item) && !isRemoved(item);
  return isHandMade && item.status?.observedGeneration !== item.metadata.generation;
}

/**
 * Tells of a class or plan that people made that it is as they want it. A new object says that nobody has looked at it
 * (`observedGeneration: -1`), and relists, which look at those of their catalog, leave it alone.
 * @param now RFC 3339
 */
export async function tellHandMade<T extends AnyItem>(
  client: StatusClient,
  resource: Resource,
  store: Store<T>,
  key: string,
  now: string,
  signal: AbortSignal,
): Promise<void> {
  const item = store.get(key);
  if (item === undefined || !isUntold(item)) return;
  try {
    await writeStatus<ItemStatus, T>(client, resource, item, handMadeStatus(item, now), store, signal);
  } catch (error) {
    // Whatever changed it will bring it here again.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
