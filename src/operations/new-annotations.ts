import { jsonEqual } from '../base/json.ts';
import { brokerRefOf, isSameBroker, type BrokerRef } from '../brokers/broker-ref.ts';
import type { StoreChange } from '../control/store.ts';
import type { Stores } from '../model/stores.ts';
import type { KubeObject } from '../kube/objects.ts';

/** What is there when the process starts is looked at with the instances and bindings themselves. */
export function hasNewAnnotations({ object, previous, removed }: StoreChange<KubeObject>): boolean {
  return (
    !removed &&
    previous !== undefined &&
    !jsonEqual(previous.metadata.annotations ?? {}, object.metadata.annotations ?? {})
  );
}

/** Annotations of brokers say what goes into the OSB context, and whether orphans are deleted. */
export function onNewBrokerAnnotations(
  { clusterServiceBrokers, serviceBrokers }: Pick<Stores, 'clusterServiceBrokers' | 'serviceBrokers'>,
  listener: (belongs: (broker: BrokerRef | undefined) => boolean) => void,
): void {
  const onBroker = (change: StoreChange<KubeObject & { readonly spec: object }>): void => {
    if (!hasNewAnnotations(change)) return;
    const changed = brokerRefOf(change.object);
    listener((broker) => broker !== undefined && isSameBroker(broker, changed));
  };
  clusterServiceBrokers.store.subscribe(onBroker);
  serviceBrokers.store.subscribe(onBroker);
}
