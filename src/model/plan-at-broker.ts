import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { fromCatalogFirst, type Offering } from './resolve.ts';
import { scoped, type Stores } from './stores.ts';

/** The plan as the catalog has it, if it is still known. */
export function planWithId(
  { metadata, spec, status }: ServiceInstance,
  planId: string,
  { clusterServicePlans, servicePlans }: Stores,
): Offering['plan'] | undefined {
  // The spec may be unresolved by now; what was sent says where it went.
  const broker = (status?.externalProperties ?? status?.inProgressProperties)?.broker;
  const isNamespaced = broker ? broker.kind === 'ServiceBroker' : Boolean(spec.serviceClassRef);
  return isNamespaced
    ? fromCatalogFirst(servicePlans.store.byIndex('externalID', scoped(metadata.namespace, planId)))[0]
    : fromCatalogFirst(clusterServicePlans.store.byIndex('externalID', planId))[0];
}

/**
 * The name of the plan that the broker has for the instance, where that may not be left for the wanted one (OSB, Updating a
 * Service Instance; the plan's word goes before its service's). Undefined when it may be, or is the wanted one.
 */
export function planThatStays(
  instance: ServiceInstance,
  planId: string,
  wanted: Offering,
  stores: Stores,
): string | undefined {
  if (planId === wanted.plan.spec.externalID) return undefined;
  const current = planWithId(instance, planId, stores);
  const mayBeLeft = current?.status?.planUpdatable ?? wanted.class.spec.planUpdatable;
  return mayBeLeft ? undefined : (current?.spec.externalName ?? planId);
}
