import { compact } from '../base/compact.ts';
import type { BrokerRef } from '../brokers/broker-ref.ts';

/** How the broker knows an instance or a binding: what requests about it have to name besides its own id. */
export interface KnownAtBroker {
  readonly broker: BrokerRef;
  readonly serviceId: string;
  readonly planId: string;
}

/** The broker that a status has on record. A namespaced one serves its own namespace only. */
export function recordedBroker(
  properties: { readonly broker?: Omit<BrokerRef, 'namespace'> } | undefined,
  namespace: string | undefined,
): BrokerRef | undefined {
  const broker = properties?.broker;
  return broker?.kind === 'ServiceBroker' ? compact({ ...broker, namespace }) : broker;
}
