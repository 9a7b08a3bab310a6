import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';

/** The id of the plan; objects of the original Service Catalog have it in fields of their own. */
export function recordedPlan(properties: ServiceInstancePropertiesState | undefined): string | undefined {
  if (properties === undefined) return undefined;
  return properties.planID || properties.clusterServicePlanExternalID || properties.servicePlanExternalID;
}

/** The ids of the plan that it has at its broker, and of the one that was asked for last. None when nothing was. */
export function recordedPlans({ status }: ServiceInstance): readonly string[] {
  const known = [status?.externalProperties, status?.inProgressProperties];
  return known.flatMap((properties) => recordedPlan(properties ?? undefined) ?? []);
}
