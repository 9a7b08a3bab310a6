import type { Logger } from '../base/logger.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { Informer } from '../control/informer.ts';
import { scoped } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { awaitOrder } from './await-order.ts';
import { isGenerated } from './unwanted-services.ts';
import type { WorkloadDeps } from './workload-deps.ts';
import { workloadReconciler } from './workload-reconciler.ts';
import { trimWorkload, workloadKinds, type RawWorkload, type Workload } from './workload.ts';

export interface WorkloadControllerDeps extends Omit<WorkloadDeps, 'workloads'> {
  readonly observe?: ReconcileObserver | undefined;
}

export type WorkloadInformer = Informer<Workload, RawWorkload>;

/** One informer per workload kind; workloads that do not ask are kept by name only. */
export function createWorkloadInformers({
  client,
  logger,
}: {
  readonly client: KubeClient;
  readonly logger: Logger;
}): readonly WorkloadInformer[] {
  return workloadKinds.map(
    (resource) =>
      new Informer<Workload, RawWorkload>({
        client,
        logger,
        resource,
        trim: (raw) => trimWorkload(resource.kind, raw),
        indexes: { namespace: asking },
      }),
  );
}

/** The controller of annotated workloads; its keys are namespaces. */
export function workloadController(
  deps: WorkloadControllerDeps,
  workloads: readonly WorkloadInformer[],
): Controller {
  const { stores, logger } = deps;
  const controller = new Controller({
    name: 'workload',
    reconcile: workloadReconciler({ ...deps, workloads }),
    concurrency: 4,
    logger,
    observe: deps.observe,
  });
  for (const { store } of workloads) {
    store.subscribe(({ object, previous }) => {
      if (asking(object).length > 0 || (previous !== undefined && asking(previous).length > 0)) {
        controller.enqueue(object.metadata.namespace ?? '');
      }
    });
  }
  // What was made here and is deleted by hand is made again while somebody asks for it; what nobody asks for goes.
  const onGenerated = (object: KubeObject | undefined): void => {
    if (object !== undefined && isGenerated(object)) controller.enqueue(object.metadata.namespace ?? '');
  };
  stores.serviceInstances.store.subscribe(({ object }) => onGenerated(object));
  stores.serviceBindings.store.subscribe(({ object, removed }) => {
    onGenerated(object);
    // The last one that used an instance, whoever made it.
    const { metadata, spec } = object;
    const instance = scoped(metadata.namespace, spec.instanceRef.name);
    if (removed) onGenerated(stores.serviceInstances.store.get(instance));
  });
  awaitOrder(stores, workloads, (namespace) => controller.enqueue(namespace));
  return controller;
}

function asking({ metadata, isAsking }: Workload): readonly string[] {
  return isAsking ? [metadata.namespace ?? ''] : [];
}
