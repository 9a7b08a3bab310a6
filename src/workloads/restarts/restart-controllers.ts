import { Controller, type ReconcileObserver } from '../../control/controller.ts';
import { objectKey } from '../../kube/objects.ts';
import type { WorkloadInformer } from '../workload-controller.ts';
import { workloadKinds } from '../workload.ts';
import { restartReconciler, type RestartDeps } from './restart-reconciler.ts';

const concurrency = 2;

/** One controller for each kind that has rollouts; its keys are workloads. */
export function restartControllers(
  deps: RestartDeps & { readonly observe?: ReconcileObserver | undefined },
  workloads: readonly WorkloadInformer[],
): readonly Controller[] {
  return workloadKinds.flatMap((resource, at) => {
    const informer = workloads[at];
    if (informer === undefined) return [];
    const { store } = informer;
    const controller = new Controller({
      name: `restart-${resource.plural}`,
      reconcile: restartReconciler(deps, resource, store),
      concurrency,
      logger: deps.logger,
      observe: deps.observe,
      isKnown: (key) => store.get(key)?.restarts !== undefined,
    });
    store.subscribe(({ object }) => {
      if (object.restarts !== undefined) controller.enqueue(objectKey(object));
    });
    // A Secret is not watched: what changes it is told on its binding.
    deps.stores.serviceBindings.store.subscribe(({ object: { metadata } }) => {
      for (const workload of store.byIndex('namespace', metadata.namespace ?? '')) {
        const isUsed = workload.restarts?.bindings.some(({ binding }) => binding === metadata.name);
        if (isUsed === true) controller.enqueue(objectKey(workload));
      }
    });
    return [controller];
  });
}
