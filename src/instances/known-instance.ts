import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { offeringOf } from '../model/offering-of.ts';
import { recordedPlan } from '../model/recorded-plan.ts';
import type { Offering } from '../model/resolve.ts';
import { scoped, type Stores } from '../model/stores.ts';
import { recordedBroker, type KnownAtBroker } from '../operations/known-at-broker.ts';
import { isOnRecord } from '../operations/operation-status.ts';

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function instanceIdOf({ spec, status }: ServiceInstance): string {
  return status?.instanceID ?? spec.externalID ?? '';
}

/** Objects of the original Service Catalog may have nothing on record but that they were provisioned. */
export function mayBeAtBroker(instance: ServiceInstance): boolean {
  return instance.status?.provisionStatus === 'Provisioned' || isOnRecord(instance);
}

/**
 * What was last sent, or confirmed, wins over the spec, which may ask for another plan by now. Objects written by the
 * original Service Catalog have no service id on record; their class has it. Where it gave a clean-up up it kept no plan
 * either: the one that the spec names was meant.
 */
export function knownInstance(instance: ServiceInstance, stores: Stores): KnownAtBroker | undefined {
  const { metadata, status = {} } = instance;
  const properties = status.externalProperties ?? status.inProgressProperties;
  const serviceClass = classOf(instance, stores);
  const serviceId = properties?.serviceID ?? serviceClass?.spec.externalID;
  const ofClass = serviceClass && brokerRefOf(serviceClass);
  const broker = recordedBroker(properties, metadata.namespace) ?? ofClass;
  const planId = recordedPlan(properties) ?? planMeant(instance, stores);
  return broker && serviceId && planId ? { broker, serviceId, planId } : undefined;
}

/** For a deletion alone: whatever else is asked for has a record. */
function planMeant(instance: ServiceInstance, stores: Stores): string | undefined {
  if (instance.metadata.deletionTimestamp === undefined) return undefined;
  return offeringOf(instance, stores)?.plan.spec.externalID;
}

export function classOf({ metadata, spec }: ServiceInstance, stores: Stores): Offering['class'] | undefined {
  return spec.clusterServiceClassRef
    ? stores.clusterServiceClasses.store.get(spec.clusterServiceClassRef.name)
    : stores.serviceClasses.store.get(scoped(metadata.namespace, spec.serviceClassRef?.name ?? ''));
}
