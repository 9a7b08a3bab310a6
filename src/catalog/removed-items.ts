import { termsOf } from '../api/offering-terms.ts';
import type { ReconcileResult } from '../control/controller.ts';
import type { Store } from '../control/store.ts';
import { timestamp } from '../control/attempts.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { objectKey } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import type { CatalogDeps } from './broker-task.ts';
import { tellHandMade } from './hand-made-item.ts';
import { repairLabels } from './item-labels.ts';
import { lookAgainMs, type LiveInstances } from './live-instances.ts';
import { catalogStores, clusterScope, isRemoved, namespacedScope, type AnyItem } from './scope.ts';

export interface CleanupDeps extends Pick<CatalogDeps, 'client' | 'stores' | 'logger' | 'clock'> {
  readonly live: LiveInstances;
}

/**
 * Keeps the labels of a class or plan right, tells that one made by hand is seen, and deletes one that has left its
 * broker's catalog as soon as no instance uses it any more, neither as far as the watch has told nor in the API server at
 * this moment. What an administrator has set up stays for the day that it comes back.
 * @param what the index of instances by what they use, and the kind of object
 */
export function itemReconciler(
  deps: CleanupDeps,
  what: 'class' | 'plan',
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (key, signal) => {
    // Names of cluster-wide objects hold no slash.
    const scope = key.includes('/') ? namespacedScope : clusterScope;
    const { classes, plans } = catalogStores(deps.stores, scope);
    await (what === 'class'
      ? repairLabels(deps.client, scope.classes, classes, key, signal)
      : repairLabels(deps.client, scope.plans, plans, key, signal));
    const now = timestamp(deps.clock.now());
    await (what === 'class'
      ? tellHandMade(deps.client, scope.classes, classes, key, now, signal)
      : tellHandMade(deps.client, scope.plans, plans, key, now, signal));
    if (deps.stores.serviceInstances.store.byIndex(what, key).length > 0) return undefined;
    const item = (what === 'class' ? classes : plans).get(key);
    if (item === undefined || !isRemoved(item) || item.metadata.deletionTimestamp !== undefined)
      return undefined;
    if (isSetUp(item)) return undefined;
    const instances = await deps.live.list(item.metadata.namespace, signal);
    const user = instances.find((instance) => instance[what] === key);
    if (user !== undefined) {
      const fields = { [what]: key, instance: user.key };
      deps.logger.info(fields, 'kept: used by an instance that the watch has not told of');
      return { requeueAfterMs: lookAgainMs };
    }
    await (what === 'class'
      ? removeUnused(deps, scope.classes, classes, item, signal)
      : removeUnused(deps, scope.plans, plans, item, signal));
    return undefined;
  };
}

/** Made anew by the next catalog that has it, it would be without what an administrator has said of it: open to everybody. */
function isSetUp(item: AnyItem): boolean {
  const { namespaces, maxPerNamespace } = termsOf(item);
  return (namespaces ?? maxPerNamespace ?? item.spec.defaultProvisionParameters) !== undefined;
}

async function removeUnused(
  { client, logger }: CleanupDeps,
  resource: Resource,
  store: Pick<Store<AnyItem>, 'remove'>,
  item: AnyItem,
  signal: AbortSignal,
): Promise<void> {
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
  logger.info({ kind: resource.kind, key: objectKey(item) }, 'deleted: not offered and not used any more');
}
