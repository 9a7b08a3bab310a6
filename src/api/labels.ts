/**
 * Query labels: the only way to find an object by a field of its spec. The key names the field, the value is the
 * SHA-224 of what it holds, since names and ids of brokers do not fit into a label.
 */
import { sha224Hex } from '../base/hash.ts';
import type { ClusterServiceClassSpec } from './generated/cluster-service-class.ts';
import type { ClusterServicePlanSpec } from './generated/cluster-service-plan.ts';
import type { ServiceClassSpec } from './generated/service-class.ts';
import type { ServiceInstanceSpec } from './generated/service-instance.ts';
import type { ServicePlanSpec } from './generated/service-plan.ts';
import { labelPrefix } from './group.ts';

export type Labels = Readonly<Record<string, string>>;

/** The fields that have a query label, by the part of the label's key after the prefix. */
export type LabelledField =
  | 'spec.externalID'
  | 'spec.externalName'
  | 'spec.clusterServiceBrokerName'
  | 'spec.serviceBrokerName'
  | 'spec.clusterServiceClassRef.name'
  | 'spec.serviceClassRef.name'
  | 'spec.clusterServicePlanRef.name'
  | 'spec.servicePlanRef.name';

/** The label that an object carries whose `field` holds `value`; as a selector it finds these objects. */
export function queryLabel(field: LabelledField, value: string): Labels {
  return { [`${labelPrefix}${field}`]: sha224Hex(value) };
}

export function clusterServiceClassLabels(spec: ClusterServiceClassSpec): Labels {
  return {
    ...externalLabels(spec),
    ...queryLabel('spec.clusterServiceBrokerName', spec.clusterServiceBrokerName),
  };
}

export function serviceClassLabels(spec: ServiceClassSpec): Labels {
  return { ...externalLabels(spec), ...queryLabel('spec.serviceBrokerName', spec.serviceBrokerName) };
}

export function clusterServicePlanLabels(spec: ClusterServicePlanSpec): Labels {
  return {
    ...externalLabels(spec),
    ...queryLabel('spec.clusterServiceClassRef.name', spec.clusterServiceClassRef.name),
    ...queryLabel('spec.clusterServiceBrokerName', spec.clusterServiceBrokerName),
  };
}

export function servicePlanLabels(spec: ServicePlanSpec): Labels {
  return {
    ...externalLabels(spec),
    ...queryLabel('spec.serviceClassRef.name', spec.serviceClassRef.name),
    ...queryLabel('spec.serviceBrokerName', spec.serviceBrokerName),
  };
}

/** Labels for those references of an instance that are resolved; none before. */
export function instanceLabels(spec: ServiceInstanceSpec): Labels {
  return {
    ...refLabel('spec.clusterServiceClassRef.name', spec.clusterServiceClassRef),
    ...refLabel('spec.clusterServicePlanRef.name', spec.clusterServicePlanRef),
    ...refLabel('spec.serviceClassRef.name', spec.serviceClassRef),
    ...refLabel('spec.servicePlanRef.name', spec.servicePlanRef),
  };
}

function externalLabels(spec: { readonly externalID: string; readonly externalName: string }): Labels {
  return {
    ...queryLabel('spec.externalID', spec.externalID),
    ...queryLabel('spec.externalName', spec.externalName),
  };
}

function refLabel(field: LabelledField, ref: { readonly name: string } | undefined): Labels {
  return ref === undefined ? {} : queryLabel(field, ref.name);
}
