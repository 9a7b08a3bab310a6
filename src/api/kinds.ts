/** Our kinds, and under which path the API server keeps them. */
import { group, settingsGroup, settingsVersion, version } from './group.ts';

/** One served kind. The same shape as that of the API server client. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  /** Lower-case plural, the path segment. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function catalogKind(kind: string, plural: string, namespaced: boolean): Kind {
  return Object.freeze({ group, version, plural, kind, namespaced });
}

export const clusterServiceBrokers: Kind = catalogKind(
  'ClusterServiceBroker',
  'clusterservicebrokers',
  false,
);
export const serviceBrokers: Kind = catalogKind('ServiceBroker', 'servicebrokers', true);
export const clusterServiceClasses: Kind = catalogKind('ClusterServiceClass', 'clusterserviceclasses', false);
export const serviceClasses: Kind = catalogKind('ServiceClass', 'serviceclasses', true);
export const clusterServicePlans: Kind = catalogKind('ClusterServicePlan', 'clusterserviceplans', false);
export const servicePlans: Kind = catalogKind('ServicePlan', 'serviceplans', true);
export const serviceInstances: Kind = catalogKind('ServiceInstance', 'serviceinstances', true);
export const serviceBindings: Kind = catalogKind('ServiceBinding', 'servicebindings', true);

export const podPresets: Kind = Object.freeze({
  group: settingsGroup,
  version: settingsVersion,
  plural: 'podpresets',
  kind: 'PodPreset',
  namespaced: true,
});

/** Every kind that has a CustomResourceDefinition in deploy/crds. */
export const allKinds: readonly Kind[] = [
  clusterServiceBrokers,
  serviceBrokers,
  clusterServiceClasses,
  serviceClasses,
  clusterServicePlans,
  servicePlans,
  serviceInstances,
  serviceBindings,
  podPresets,
];
