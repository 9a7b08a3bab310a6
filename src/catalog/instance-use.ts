import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import { scoped } from '../model/stores.ts';
import { objectKey } from '../kube/objects.ts';

/** What an instance uses of the catalog: why a class, a plan or a broker has to stay. */
export interface InstanceUse {
  /** Store key of the instance, and its namespace. */
  readonly key: string;
  readonly namespace: string | undefined;
  /** Store keys of its class and plan, as far as they are resolved. */
  readonly class?: string;
  readonly plan?: string;
  /** Brokers at which it is provisioned, or may be. */
  readonly brokers: readonly { readonly kind: string; readonly name: string }[];
}

export function useOf(instance: ServiceInstance): InstanceUse {
  const { metadata, spec, status } = instance;
  const { namespace } = metadata;
  const brokers = [status?.externalProperties?.broker, status?.inProgressProperties?.broker];
  return {
    key: objectKey(instance),
    namespace,
    brokers: brokers.filter((broker) => broker !== undefined),
    ...compact({
      class: spec.clusterServiceClassRef?.name ?? keyIn(namespace, spec.serviceClassRef?.name),
      plan: spec.clusterServicePlanRef?.name ?? keyIn(namespace, spec.servicePlanRef?.name),
    }),
  };
}

function keyIn(namespace: string | undefined, name: string | undefined): string | undefined {
  return name === undefined ? undefined : scoped(namespace, name);
}
