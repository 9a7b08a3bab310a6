/**
 * Query labels: the only way to find an object by a field of its spec. The key names the field, the value is the
 * SHA-224 of what it holds, since names and ids of brokers do not fit into a label.
 */
import { sha224Hex } from '../base/hash.ts';
import { isObject } from '../base/json.ts';
import { labelPrefix } from './group.ts';

export type Labels = Readonly<Record<string, string>>;

/** The fields of a spec that have a query label, by kind. */
const labelledFields: Readonly<Record<string, readonly string[]>> = {
  ClusterServiceClass: ['externalID', 'externalName', 'clusterServiceBrokerName'],
  ServiceClass: ['externalID', 'externalName', 'serviceBrokerName'],
  ClusterServicePlan: [
    'externalID',
    'externalName',
    'clusterServiceClassRef.name',
    'clusterServiceBrokerName',
  ],
  ServicePlan: ['externalID', 'externalName', 'serviceClassRef.name', 'serviceBrokerName'],
  // Only what is resolved: none of them before.
  ServiceInstance: [
    'clusterServiceClassRef.name',
    'clusterServicePlanRef.name',
    'serviceClassRef.name',
    'servicePlanRef.name',
  ],
};

/** The query labels of an object of this kind with this spec; as a selector each finds all with the same value. */
export function queryLabels(kind: string, spec: object): Labels {
  const labels: Record<string, string> = {};
  for (const field of labelledFields[kind] ?? []) {
    const value = valueAt(spec, field);
    if (value !== '') labels[keyOf(field)] = sha224Hex(value);
  }
  return labels;
}

/**
 * What is wrong with the query labels that an object carries: for each key the right value, or null where there should
 * be none. Undefined when nothing is.
 */
export function labelCorrections(
  kind: string,
  spec: object,
  carried: Labels | undefined,
): Readonly<Record<string, string | null>> | undefined {
  const right = queryLabels(kind, spec);
  const wrong: [string, string | null][] = [];
  for (const key of (labelledFields[kind] ?? []).map(keyOf)) {
    const value = right[key] ?? null;
    if ((carried?.[key] ?? null) !== value) wrong.push([key, value]);
  }
  return wrong.length === 0 ? undefined : Object.fromEntries(wrong);
}

function keyOf(field: string): string {
  return `${labelPrefix}spec.${field}`;
}

/** The text at a path; empty when there is none, as in an object that the schema has not checked yet. */
function valueAt(spec: object, path: string): string {
  let value: unknown = spec;
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  return typeof value === 'string' ? value : '';
}
