import { generatedForAnnotation } from '../../api/group.ts';
import { serviceBindings, serviceInstances } from '../../api/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resources.ts';
import { isRequested } from './requested-objects.ts';
import type { WorkloadDeps } from '../workload-deps.ts';

/** Made when equal annotations shared a service: nobody asks for it any more, and nothing takes it away. */
export function isOfOldDesign(object: KubeObject): boolean {
  return object.metadata.annotations?.[generatedForAnnotation] !== undefined && !isRequested(object);
}

/** Says once of each, for as long as this process lives, that it is left alone and what can be done. */
export function oldServiceReporter(deps: WorkloadDeps): (namespace: string) => void {
  const reported = new Set<string>();
  return (namespace) => {
    const { serviceInstances: instances, serviceBindings: bindings } = deps.stores;
    const report = (resource: Resource, objects: readonly KubeObject[], remedy: string): void => {
      for (const object of objects.filter(isOfOldDesign)) {
        const { name, uid = name } = object.metadata;
        if (reported.has(uid)) continue;
        reported.add(uid);
        const { group, version, kind } = resource;
        const message = `this ${kind} was made by an earlier version for annotations that shared it, and is left alone: ${remedy}, or remove it when nobody needs its data`;
        deps.logger.warn({ kind, namespace, name }, message);
        const regarding = { ...object, apiVersion: `${group}/${version}`, kind };
        deps.events.record(regarding, 'Warning', 'LeftAlone', message);
      }
    };
    report(
      serviceInstances,
      instances.store.byIndex('generated', namespace),
      'ask for it with instance/<its name>',
    );
    report(
      serviceBindings,
      bindings.store.byIndex('generated', namespace),
      'ask for it with binding/<its name>',
    );
  };
}
