import type { ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import type { Offering } from './resolve.ts';

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
