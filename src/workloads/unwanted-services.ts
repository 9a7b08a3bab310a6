import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { generatedForAnnotation, generatedLabel } from '../api/group.ts';
import { hasGeneratedName } from '../api/names.ts';
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

/**
 * Made for an annotation, by the workload controller. The label alone is not enough: it is deleted with what is in it. Only
 * who may delete the object can set its marks (the policy `bindery-generated-marks`), and nobody can set its name.
 */
export function isGenerated({ metadata }: KubeObject): boolean {
  const { name, labels, annotations } = metadata;
  const isMarked = labels?.[generatedLabel] === 'true' && annotations?.[generatedForAnnotation] !== undefined;
  return isMarked && hasGeneratedName(name);
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}
