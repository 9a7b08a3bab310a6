import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import type { Offering } from '../control/resolve.ts';
import { scoped, type Stores } from '../control/stores.ts';

/** How the broker knows an instance: what DELETE, polls and bindings have to name. */
export interface KnownAtBroker {
  readonly broker: BrokerRef;
  readonly serviceId: string;
  readonly planId: string;
}

/** Something may exist at the broker: a request was sent, or was about to be when the process died. */
export function mayBeAtBroker({ status }: ServiceInstance): boolean {
  return (
    status?.provisionStatus === 'Provisioned' ||
    Boolean(status?.orphanMitigationInProgress) ||
    Boolean(status?.inProgressProperties) ||
    Boolean(status?.externalProperties)
  );
}

/**
 * What was last sent, or confirmed, wins over the spec, which may ask for another plan by now. Objects written by the
 * original Service Catalog have no service id on record; their class has it.
 */
export function knownAtBroker(instance: ServiceInstance, stores: Stores): KnownAtBroker | undefined {
  const properties = instance.status?.externalProperties ?? instance.status?.inProgressProperties;
  const serviceClass = classOf(instance, stores);
  const broker = recordedBroker(instance, properties) ?? (serviceClass && brokerRefOf(serviceClass));
  const serviceId = properties?.serviceID ?? serviceClass?.spec.externalID;
  const planId = recordedPlan(properties);
  return broker && serviceId && planId ? { broker, serviceId, planId } : undefined;
}

/** The plan as the catalog has it, if it is still known. */
export function planWithId(
  { metadata, spec }: ServiceInstance,
  planId: string,
  { clusterServicePlans, servicePlans }: Stores,
): Offering['plan'] | undefined {
  return spec.serviceClassRef
    ? servicePlans.store.byIndex('externalID', scoped(metadata.namespace, planId))[0]
    : clusterServicePlans.store.byIndex('externalID', planId)[0];
}

/** `maximum_polling_duration` of a plan of the instance. */
export function maxPollingSecondsOf(
  instance: ServiceInstance,
  planId: string,
  stores: Stores,
): number | null | undefined {
  return planWithId(instance, planId, stores)?.status?.maximumPollingDurationSeconds;
}

function classOf({ metadata, spec }: ServiceInstance, stores: Stores): Offering['class'] | undefined {
  return spec.clusterServiceClassRef
    ? stores.clusterServiceClasses.store.get(spec.clusterServiceClassRef.name)
    : stores.serviceClasses.store.get(scoped(metadata.namespace, spec.serviceClassRef?.name ?? ''));
}

/** The id of the plan; objects of the original Service Catalog have it in fields of their own. */
export function recordedPlan(properties: ServiceInstancePropertiesState | undefined): string | undefined {
  if (properties === undefined) return undefined;
  return properties.planID || properties.clusterServicePlanExternalID || properties.servicePlanExternalID;
}

/** A namespaced broker serves its own namespace only. */
function recordedBroker(
  { metadata }: ServiceInstance,
  properties: ServiceInstancePropertiesState | undefined,
): BrokerRef | undefined {
  const broker = properties?.broker;
  if (broker === undefined || broker.kind === 'ClusterServiceBroker') return broker;
  return compact({ ...broker, namespace: metadata.namespace });
}
