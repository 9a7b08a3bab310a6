import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { offeringOf } from '../control/offering-of.ts';
import type { Stores } from '../control/stores.ts';

/** How the broker knows a binding: what DELETE and polls have to name. */
export interface KnownAtBroker {
  readonly broker: BrokerRef;
  readonly instanceId: string;
  readonly serviceId: string;
  readonly planId: string;
  /** The service is `bindings_retrievable`: asynchronous answers can be followed up. */
  readonly isRetrievable: boolean;
  /** `maximum_polling_duration` of the plan. */
  readonly maxPollingSeconds?: number;
}

/**
 * What was sent wins over what the instance says now. Objects written by the original Service Catalog have no ids on
 * record; their instance and its class have them.
 */
export function knownAtBroker(binding: ServiceBinding, stores: Stores): KnownAtBroker | undefined {
  const namespace = binding.metadata.namespace ?? '';
  const instance = stores.serviceInstances.store.get(`${namespace}/${binding.spec.instanceRef.name}`);
  const derived = instance === undefined ? {} : derivedFrom(instance, stores);
  const {
    broker,
    instanceId,
    serviceId,
    planId,
    isRetrievable = false,
    maxPollingSeconds,
  } = {
    ...derived,
    ...recorded(binding, namespace),
  };
  return broker && instanceId && serviceId && planId
    ? compact({ broker, instanceId, serviceId, planId, isRetrievable, maxPollingSeconds })
    : undefined;
}

function recorded({ status }: ServiceBinding, namespace: string): Partial<KnownAtBroker> {
  const properties = status?.externalProperties ?? status?.inProgressProperties;
  if (properties === undefined) return {};
  const { broker, instanceID: instanceId, serviceID: serviceId, planID: planId } = properties;
  const { bindingRetrievable: isRetrievable, maximumPollingDurationSeconds: maxPollingSeconds } = properties;
  // A namespaced broker serves its own namespace only.
  return compact({
    broker: broker?.kind === 'ServiceBroker' ? { ...broker, namespace } : broker,
    instanceId,
    serviceId,
    planId,
    isRetrievable,
    maxPollingSeconds,
  });
}

function derivedFrom(instance: ServiceInstance, stores: Stores): Partial<KnownAtBroker> {
  const instanceId = instance.status?.instanceID ?? instance.spec.externalID;
  const offering = offeringOf(instance, stores);
  if (offering === undefined) return compact({ instanceId });
  const { class: serviceClass, plan } = offering;
  return compact({
    broker: brokerRefOf(serviceClass),
    instanceId,
    serviceId: serviceClass.spec.externalID,
    planId: plan.spec.externalID,
    isRetrievable: serviceClass.spec.bindingRetrievable,
    maxPollingSeconds: plan.status?.maximumPollingDurationSeconds,
  });
}
