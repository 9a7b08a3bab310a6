import type { ServiceInstance, ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { fromCatalogFirst, resolveOffering, type Offering } from './resolve.ts';
import { scoped, type Stores } from './stores.ts';

/**
 * Class and plan of an instance: those of its spec, or, when nothing has that name (a typo in a running instance),
 * those that its broker was told. What is under way never stops because of the spec.
 */
export function offeringOf(instance: ServiceInstance, stores: Stores): Offering | undefined {
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', stores);
  return resolution.kind === 'resolved' ? resolution.offering : recordedOffering(instance, stores);
}

function recordedOffering({ metadata, status }: ServiceInstance, stores: Stores): Offering | undefined {
  const { broker, serviceID, planID } = status?.externalProperties ?? {};
  if (serviceID === undefined || planID === undefined) return undefined;
  if (broker?.kind === 'ServiceBroker') {
    const { serviceClasses, servicePlans } = stores;
    const [serviceClass] = fromCatalogFirst(
      serviceClasses.store.byIndex('externalID', scoped(metadata.namespace, serviceID)),
    );
    const [plan] = fromCatalogFirst(
      servicePlans.store.byIndex('externalID', scoped(metadata.namespace, planID)),
    );
    return serviceClass && plan && { scope: 'namespace', class: serviceClass, plan };
  }
  const { clusterServiceClasses, clusterServicePlans } = stores;
  const [serviceClass] = fromCatalogFirst(clusterServiceClasses.store.byIndex('externalID', serviceID));
  const [plan] = fromCatalogFirst(clusterServicePlans.store.byIndex('externalID', planID));
  return serviceClass && plan && { scope: 'cluster', class: serviceClass, plan };
}

type OfferingRefs = Pick<
  ServiceInstanceSpec,
  'clusterServiceClassRef' | 'clusterServicePlanRef' | 'serviceClassRef' | 'servicePlanRef'
>;

/** The references to a resolved class and plan, under the names that they have in an instance's spec. */
export function offeringRefs(offering: Offering): OfferingRefs {
  const classRef = { name: offering.class.metadata.name };
  const planRef = { name: offering.plan.metadata.name };
  return offering.scope === 'cluster'
    ? { clusterServiceClassRef: classRef, clusterServicePlanRef: planRef }
    : { serviceClassRef: classRef, servicePlanRef: planRef };
}

/** Says so when instances of this offering have no bindings (OSB, Service Plan Object); undefined when they have. */
export function unbindable({ class: { spec }, plan }: Offering): string | undefined {
  if (plan.spec.bindable ?? spec.bindable) return undefined;
  return `Class "${spec.externalName}" with plan "${plan.spec.externalName}" can not be bound`;
}
