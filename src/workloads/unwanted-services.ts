import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { requestedForAnnotation } from '../api/group.ts';
import { markedIdentity } from '../api/requested-identity.ts';
import type { KubeObject } from '../kube/objects.ts';
import { wantedServices } from './wanted-services.ts';
import type { Workload } from './workload.ts';

/** What could ask for something in a namespace, and what is there. */
export interface NamespaceView {
  readonly workloads: readonly Workload[];
  readonly instances: readonly ServiceInstance[];
  readonly bindings: readonly ServiceBinding[];
  /** The bindings again, read after the instances: who uses them. */
  readonly users: readonly ServiceBinding[];
}

export interface UnwantedServices {
  readonly instances: readonly ServiceInstance[];
  readonly bindings: readonly ServiceBinding[];
}

/**
 * What was generated and nobody asks for. A binding that stays, whoever made it, asks for its instance, too. While a
 * workload asks for something that can not be understood (a typo, more than is read) nothing is unwanted: it may be
 * that which it had.
 */
export function unwantedServices({ workloads, instances, bindings, users }: NamespaceView): UnwantedServices {
  const wanted = wantedServices(workloads);
  if (!wanted.isComplete) return { bindings: [], instances: [] };
  const isUnwanted = (binding: ServiceBinding): boolean =>
    isGenerated(binding) && !wanted.bindings.has(binding.metadata.name);
  const used = new Set(
    users
      .filter((binding) => isStaying(binding) && !isUnwanted(binding))
      .map(({ spec }) => spec.instanceRef.name),
  );
  return {
    bindings: bindings.filter((binding) => isStaying(binding) && isUnwanted(binding)),
    instances: instances.filter(
      (instance) =>
        isGenerated(instance) &&
        isStaying(instance) &&
        !wanted.instances.has(instance.metadata.name) &&
        !used.has(instance.metadata.name),
    ),
  };
}

/** Made for an annotation, by the workload controller: its mark gives its name. Only who may delete the object can set that. */
export function isGenerated({ metadata }: KubeObject): boolean {
  return markedIdentity(metadata, metadata.annotations?.[requestedForAnnotation]) !== undefined;
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}
