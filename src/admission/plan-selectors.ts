import type { JsonObject } from '../base/json.ts';

/** The fields in which the spec of an instance names its plan. */
export const planSelectors: readonly string[] = [
  'clusterServicePlanExternalName',
  'clusterServicePlanExternalID',
  'clusterServicePlanName',
  'servicePlanExternalName',
  'servicePlanExternalID',
  'servicePlanName',
];

export function hasNewPlan(next: JsonObject, oldSpec: JsonObject): boolean {
  return planSelectors.some((field) => (next[field] ?? '') !== (oldSpec[field] ?? ''));
}
