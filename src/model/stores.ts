import { findCondition } from '../api/conditions.ts';
import type { ClusterServiceBroker } from '../api/generated/cluster-service-broker.ts';
import type { ClusterServiceClass } from '../api/generated/cluster-service-class.ts';
import type { ClusterServicePlan } from '../api/generated/cluster-service-plan.ts';
import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceBroker } from '../api/generated/service-broker.ts';
import type { ServiceClass } from '../api/generated/service-class.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { ServicePlan } from '../api/generated/service-plan.ts';
import { generatedLabel } from '../api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  serviceBindings,
  serviceBrokers,
  serviceClasses,
  serviceInstances,
  servicePlans,
} from '../api/kinds.ts';
import type { Logger } from '../base/logger.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ListWatchDeps } from '../kube/list-watch.ts';
import type { KubeObject } from '../kube/objects.ts';
import { namespaces, type Resource } from '../kube/resources.ts';
import { Informer } from '../control/informer.ts';
import { keptWhole } from '../control/kept-whole.ts';
import { identityOf, ownerKey } from './identity-of.ts';
import { instanceKeyOf } from './instance-of.ts';
import { waitsForRoom } from './waits-for-room.ts';
import { keptBroker, keptBrokered, keptItem } from './kept-form.ts';

/**
 * What the program knows of the cluster: one informer per kind. Secrets are never among them, and of what is large and
 * seldom needed only a trace: see `kept-form.ts`.
 */
export interface Stores {
  readonly clusterServiceBrokers: Informer<ClusterServiceBroker>;
  readonly serviceBrokers: Informer<ServiceBroker>;
  readonly clusterServiceClasses: Informer<ClusterServiceClass>;
  readonly serviceClasses: Informer<ServiceClass>;
  readonly clusterServicePlans: Informer<ClusterServicePlan>;
  readonly servicePlans: Informer<ServicePlan>;
  readonly serviceInstances: Informer<ServiceInstance>;
  readonly serviceBindings: Informer<ServiceBinding>;
  /** Metadata only: uid, labels, annotations, deletionTimestamp. */
  readonly namespaces: Informer<KubeObject>;
}

/** "namespace/value" for namespaced kinds, "value" for cluster-scoped ones: the form of all index values here. */
export function scoped(namespace: string | undefined, value: string): string {
  return namespace === undefined ? value : `${namespace}/${value}`;
}

export interface StoresDeps {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly observe?: ListWatchDeps<KubeObject>['observe'];
}

/** Creates the informers; none runs before `start`. */
export function createStores({ client, logger, observe }: StoresDeps): Stores {
  const informer = <T extends KubeObject>(
    resource: Resource,
    trim: (object: T) => T,
    indexes: Record<string, (object: T) => readonly string[]>,
    metadataOnly = false,
  ): Informer<T> => new Informer<T>({ client, logger, observe, resource, trim, indexes, metadataOnly });

  return {
    clusterServiceBrokers: informer(clusterServiceBrokers, keptBroker, { secret: clusterBrokerSecret }),
    serviceBrokers: informer(serviceBrokers, keptBroker, { secret: brokerSecret }),
    clusterServiceClasses: informer<ClusterServiceClass>(clusterServiceClasses, keptItem, {
      broker: ({ spec }) => [spec.clusterServiceBrokerName],
      externalName: ({ spec }) => [spec.externalName],
      externalID: ({ spec }) => [spec.externalID],
    }),
    serviceClasses: informer<ServiceClass>(serviceClasses, keptItem, {
      broker: ({ metadata, spec }) => [scoped(metadata.namespace, spec.serviceBrokerName)],
      externalName: ({ metadata, spec }) => [scoped(metadata.namespace, spec.externalName)],
      externalID: ({ metadata, spec }) => [scoped(metadata.namespace, spec.externalID)],
    }),
    clusterServicePlans: informer<ClusterServicePlan>(clusterServicePlans, keptItem, {
      broker: ({ spec }) => [spec.clusterServiceBrokerName],
      externalName: ({ spec }) => [spec.externalName],
      externalID: ({ spec }) => [spec.externalID],
      class: ({ spec }) => [spec.clusterServiceClassRef.name],
    }),
    servicePlans: informer<ServicePlan>(servicePlans, keptItem, {
      broker: ({ metadata, spec }) => [scoped(metadata.namespace, spec.serviceBrokerName)],
      externalName: ({ metadata, spec }) => [scoped(metadata.namespace, spec.externalName)],
      externalID: ({ metadata, spec }) => [scoped(metadata.namespace, spec.externalID)],
      class: ({ metadata, spec }) => [scoped(metadata.namespace, spec.serviceClassRef.name)],
    }),
    serviceInstances: informer(serviceInstances, keptBrokered, {
      class: instanceClass,
      plan: instancePlan,
      generated,
      owner,
      id: ({ spec, status }) => idInUse(status?.instanceID ?? spec.externalID),
      waiting: ({ metadata, status }) => {
        const reason = findCondition(status?.conditions, 'Reconciling')?.reason ?? '';
        return waitsForRoom.includes(reason) ? [metadata.namespace ?? ''] : [];
      },
      unresolved: (instance) =>
        instanceClass(instance).length && instancePlan(instance).length ? [] : ['true'],
    }),
    serviceBindings: informer<ServiceBinding>(serviceBindings, keptBrokered, {
      generated,
      owner,
      id: ({ spec, status }) => [
        ...idInUse(status?.bindingID ?? spec.externalID),
        ...(status?.replacedBindings ?? []).map(({ bindingID }) => idKey(bindingID)),
      ],
      instance: (binding) => [instanceKeyOf(binding)],
      secret: ({ metadata, spec }) => [scoped(metadata.namespace, spec.secretName || metadata.name)],
      injected: ({ metadata, status }) =>
        findCondition(status?.conditions, 'Injected') === undefined ? [] : [metadata.namespace ?? ''],
    }),
    namespaces: informer(namespaces, keptWhole, {}, true),
  };
}

/** The id by which a broker knows it, or will. */
function idInUse(id: string | undefined): readonly string[] {
  return id ? [idKey(id)] : [];
}

/**
 * Key of the index `id`. Ids that differ in case alone count as one: to a broker that keeps them in a column of UUIDs they
 * are.
 */
export function idKey(id: string): string {
  return id.toLowerCase();
}

/** Objects that were made for an annotation, by their namespace. */
function generated({ metadata }: KubeObject): readonly string[] {
  return metadata.labels?.[generatedLabel] === 'true' ? [metadata.namespace ?? ''] : [];
}

/** The workload that it was made for, where that is one; see `ownerKey`. */
function owner(object: KubeObject): readonly string[] {
  const identity = identityOf(object);
  if (identity === undefined || identity.of === 'share') return [];
  return [ownerKey(object.metadata.namespace ?? '', identity.workload)];
}

function clusterBrokerSecret({ spec }: ClusterServiceBroker): readonly string[] {
  const ref = spec.authInfo?.basic?.secretRef ?? spec.authInfo?.bearer?.secretRef;
  return ref?.name === undefined || ref.namespace === undefined ? [] : [scoped(ref.namespace, ref.name)];
}

function brokerSecret({ metadata, spec }: ServiceBroker): readonly string[] {
  const ref = spec.authInfo?.basic?.secretRef ?? spec.authInfo?.bearer?.secretRef;
  return ref?.name === undefined ? [] : [scoped(metadata.namespace, ref.name)];
}

function instanceClass({ metadata, spec }: ServiceInstance): readonly string[] {
  if (spec.clusterServiceClassRef?.name) return [spec.clusterServiceClassRef.name];
  return spec.serviceClassRef?.name ? [scoped(metadata.namespace, spec.serviceClassRef.name)] : [];
}

function instancePlan({ metadata, spec }: ServiceInstance): readonly string[] {
  if (spec.clusterServicePlanRef?.name) return [spec.clusterServicePlanRef.name];
  return spec.servicePlanRef?.name ? [scoped(metadata.namespace, spec.servicePlanRef.name)] : [];
}
