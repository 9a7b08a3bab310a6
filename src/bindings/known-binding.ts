import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { instanceKeyOf, instanceOf } from '../model/instance-of.ts';
import { offeringOf } from '../model/offering-of.ts';
import type { Stores } from '../model/stores.ts';
import type { OperationTask } from '../operations/kind.ts';
import { recordedBroker, type KnownAtBroker } from '../operations/known-at-broker.ts';

/** What every step of one reconcile shares. */
export type BindingTask = OperationTask<ServiceBinding>;

/** What DELETE and polls of a binding have to name. */
export interface KnownBinding extends KnownAtBroker {
  readonly instanceId: string;
  /** The service is `bindings_retrievable`: asynchronous answers can be followed up. */
  readonly isRetrievable: boolean;
  /** `maximum_polling_duration` of the plan. */
  readonly maxPollingSeconds?: number;
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function bindingIdOf({ spec, status }: ServiceBinding): string {
  return status?.bindingID ?? spec.externalID ?? '';
}

/**
 * What was sent wins over what the instance says now. Objects written by the original Service Catalog have no ids on
 * record; their instance and its class have them.
 */
export function knownBinding(binding: ServiceBinding, stores: Stores): KnownBinding | undefined {
  const instance = stores.serviceInstances.store.get(instanceKeyOf(binding));
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
    ...recorded(binding),
  };
  return broker && instanceId && serviceId && planId
    ? compact({ broker, instanceId, serviceId, planId, isRetrievable, maxPollingSeconds })
    : undefined;
}

/** A namespaced broker is of the namespace of the instance. */
function recorded(binding: ServiceBinding): Partial<KnownBinding> {
  const { status } = binding;
  const properties = status?.externalProperties ?? status?.inProgressProperties;
  if (properties === undefined) return {};
  const { instanceID: instanceId, serviceID: serviceId, planID: planId } = properties;
  const { bindingRetrievable: isRetrievable, maximumPollingDurationSeconds: maxPollingSeconds } = properties;
  return compact({
    broker: recordedBroker(properties, instanceOf(binding).namespace),
    instanceId,
    serviceId,
    planId,
    isRetrievable,
    maxPollingSeconds,
  });
}

function derivedFrom(instance: ServiceInstance, stores: Stores): Partial<KnownBinding> {
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
