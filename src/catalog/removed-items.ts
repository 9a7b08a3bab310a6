import type { ReconcileResult } from '../control/controller.ts';
import type { Store } from '../control/store.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Resource } from '../kube/resources.ts';
import type { CatalogDeps } from './broker-task.ts';
import { catalogStores, clusterScope, isRemoved, namespacedScope, type AnyItem } from './scope.ts';

/**
 * Deletes a class or plan that has left its broker's catalog as soon as no instance uses it any more.
 * @param what the index of instances by what they use, and the kind of object to delete
 */
export function removedItemReconciler(
  deps: Pick<CatalogDeps, 'client' | 'stores' | 'logger'>,
  what: 'class' | 'plan',
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (key, signal) => {
    // Names of cluster-wide objects hold no slash.
    const scope = key.includes('/') ? namespacedScope : clusterScope;
    const { classes, plans } = catalogStores(deps.stores, scope);
    if (deps.stores.serviceInstances.store.byIndex(what, key).length > 0) return undefined;
    await (what === 'class'
      ? removeUnused(deps, scope.classes, classes, key, signal)
      : removeUnused(deps, scope.plans, plans, key, signal));
    return undefined;
  };
}

async function removeUnused<T extends AnyItem>(
  { client, logger }: Pick<CatalogDeps, 'client' | 'logger'>,
  resource: Resource,
  store: Store<T>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const item = store.get(key);
  if (item === undefined || !isRemoved(item) || item.metadata.deletionTimestamp !== undefined) return;
  const { name, namespace, uid, resourceVersion } = item.metadata;
  try {
    // With the version, or an item that has just come back to the catalog would be deleted.
    const ref = namespace === undefined ? { name } : { namespace, name };
    await client.delete(resource, ref, { uid, resourceVersion, signal });
  } catch (error) {
    // Whatever changed it will bring it here again.
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
  store.remove(item);
  logger.info({ kind: resource.kind, key }, 'deleted: not offered and not used any more');
}
