import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { generatedLabel } from '../api/group.ts';
import type { KubeObject } from '../kube/objects.ts';
import { wantedServices } from './wanted-services.ts';
import type { Workload } from './workload.ts';

/** What could ask for something in a namespace, and what is there. */
export interface NamespaceView {
  readonly workloads: readonly Workload[];
  readonly instances: readonly ServiceInstance[];
  readonly bindings: readonly ServiceBinding[];
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
export function unwantedServices({ workloads, instances, bindings }: NamespaceView): UnwantedServices {
  const wanted = wantedServices(workloads);
  if (!wanted.isComplete) return { bindings: [], instances: [] };
  const staying = bindings.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const unwanted = staying.filter(
    (binding) => isGenerated(binding) && !wanted.bindings.has(binding.metadata.name),
  );
  const used = new Set(
    staying.filter((binding) => !unwanted.includes(binding)).map(({ spec }) => spec.instanceRef.name),
  );
  return {
    bindings: unwanted,
    instances: instances.filter(
      (instance) =>
        isGenerated(instance) &&
        instance.metadata.deletionTimestamp === undefined &&
        !wanted.instances.has(instance.metadata.name) &&
        !used.has(instance.metadata.name),
    ),
  };
}

/** Made for an annotation, by the workload controller. */
export function isGenerated({ metadata }: KubeObject): boolean {
  return metadata.labels?.[generatedLabel] === 'true';
}
