import { isObject } from '../base/json.ts';
import { brokerText } from './broker-text.ts';
import type { CatalogProblem } from './types.ts';

/**
 * The first id or name that appears twice where it must be unique: service ids and service names in the catalog,
 * plan ids in the catalog, plan names in their service. Compared byte by byte, case matters (OSB, Service Offering
 * Object). Items that will be left out for another reason count too.
 */
export function duplicateProblem(services: readonly unknown[]): CatalogProblem | undefined {
  const serviceIds = new Map<string, string>();
  const serviceNames = new Map<string, string>();
  const planIds = new Map<string, string>();
  for (const [index, service] of services.entries()) {
    if (!isObject(service)) continue;
    const path = `services[${index}]`;
    const problem =
      repeated(serviceIds, service['id'], `${path}.id`) ??
      repeated(serviceNames, service['name'], `${path}.name`) ??
      duplicatePlan(service['plans'], path, planIds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function duplicatePlan(
  plans: unknown,
  servicePath: string,
  planIds: Map<string, string>,
): CatalogProblem | undefined {
  if (!Array.isArray(plans)) return undefined;
  const names = new Map<string, string>();
  for (const [index, plan] of plans.entries()) {
    if (!isObject(plan)) continue;
    const path = `${servicePath}.plans[${index}]`;
    const problem =
      repeated(planIds, plan['id'], `${path}.id`) ?? repeated(names, plan['name'], `${path}.name`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function repeated(seen: Map<string, string>, value: unknown, path: string): CatalogProblem | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const first = seen.get(value);
  if (first !== undefined) return { path, message: `"${brokerText(value) ?? ''}" is already at ${first}` };
  seen.set(value, path);
  return undefined;
}
