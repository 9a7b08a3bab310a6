import type { Stores } from '../model/stores.ts';
import { brokerKey, type BrokerRef } from './broker-ref.ts';
import { builtInBroker, isBuiltIn } from './built-in-broker.ts';
import type { AnyBroker } from './broker-settings.ts';

/** The broker object, as far as it is known. */
export function findBroker(
  ref: BrokerRef,
  { clusterServiceBrokers, serviceBrokers }: Pick<Stores, 'clusterServiceBrokers' | 'serviceBrokers'>,
): AnyBroker | undefined {
  if (isBuiltIn(ref)) return builtInBroker;
  return ref.kind === 'ClusterServiceBroker'
    ? clusterServiceBrokers.store.get(ref.name)
    : serviceBrokers.store.get(brokerKey(ref));
}
