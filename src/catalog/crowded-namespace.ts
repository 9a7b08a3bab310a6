import { objectKey } from '../kube/objects.ts';
import { defaultCatalogLimits } from '../osb/catalog-limits.ts';
import type { Catalog } from '../osb/types.ts';
import type { AnyBroker } from '../brokers/broker-settings.ts';
import type { BrokerTask } from './broker-task.ts';

/**
 * Whoever may make one ServiceBroker can make a hundred, and the catalog of each becomes thousands of objects, which controller
 * and webhook keep in memory. So the brokers of a namespace may have together what one may have; those of the cluster are
 * their operator's business.
 * @returns what there is too much of; undefined when there is room, which the catalog has then until its broker goes
 */
export function crowdedNamespace(
  { catalog: { brokers, plans }, relists, settings }: BrokerTask,
  broker: AnyBroker,
  { services }: Catalog,
): string | undefined {
  const { namespace } = broker.metadata;
  if (namespace === undefined) return undefined;
  const key = objectKey(broker);
  const max = settings.maxNamespacePlans ?? defaultCatalogLimits.plans;
  const own = services.reduce((sum, service) => sum + service.plans.length, 0);
  const others = brokers
    .list()
    .filter((other) => other.metadata.namespace === namespace)
    .map(objectKey)
    .filter((other) => other !== key)
    .reduce((sum, other) => sum + Math.max(relists.plansOf(other), plans.byIndex('broker', other).length), 0);
  if (own + others > max) {
    return `Its catalog has ${own} plans, those of the other brokers of the namespace ${others}; ${max} are allowed together.`;
  }
  relists.expectPlans(key, own);
  return undefined;
}
