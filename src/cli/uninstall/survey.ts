import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../api/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import { objectPages } from '../export/object-pages.ts';

/** What is at one broker, as far as the objects say. */
export interface AtBroker {
  /** Such as `ClusterServiceBroker "acme"`. */
  readonly broker: string;
  readonly instances: number;
  readonly bindings: number;
}

type Properties = {
  readonly broker?: { readonly kind: string; readonly namespace?: string; readonly name: string };
};
type Count = 'instances' | 'bindings';

/** Counts instances and bindings by broker. */
export async function survey(
  client: Pick<KubeClient, 'list'>,
  signal: AbortSignal,
): Promise<readonly AtBroker[]> {
  const found = new Map<string, Record<Count, number>>();
  const count = (status: ServiceInstance['status'] | ServiceBinding['status'], what: Count): void => {
    const broker = nameOf(status?.externalProperties ?? status?.inProgressProperties);
    const counts = found.get(broker) ?? { instances: 0, bindings: 0 };
    counts[what] += 1;
    found.set(broker, counts);
  };
  for await (const page of objectPages<ServiceInstance>(client, serviceInstances, {}, signal)) {
    for (const { status } of page) count(status, 'instances');
  }
  for await (const page of objectPages<ServiceBinding>(client, serviceBindings, {}, signal)) {
    for (const { status } of page) count(status, 'bindings');
  }
  const brokers = [...found.keys()].sort();
  return brokers.map((broker) => ({ broker, instances: 0, bindings: 0, ...found.get(broker) }));
}

function nameOf(properties: Properties | undefined): string {
  const { broker } = properties ?? {};
  if (broker === undefined) return 'no broker yet';
  return `${broker.kind} "${broker.namespace ? `${broker.namespace}/` : ''}${broker.name}"`;
}
