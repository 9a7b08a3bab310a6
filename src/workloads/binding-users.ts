import type { Logger } from '../base/logger.ts';
import { Controller, type Reconcile, type ReconcileObserver } from '../control/controller.ts';
import type { Store } from '../control/store.ts';
import { objectKey } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import type { Stores } from '../model/stores.ts';
import type { WorkloadInformer } from './workload-controller.ts';
import { workloadKinds, type RawWorkload, type Workload } from './workload.ts';

export interface BindingUserDeps {
  readonly stores: Pick<Stores, 'serviceBindings'>;
  readonly logger: Logger;
  readonly observe?: ReconcileObserver | undefined;
}

/** What is done for workloads because of bindings. */
export interface BindingUserWork {
  /** Of the controllers; the plural of the kind is put behind it. */
  readonly name: string;
  readonly concurrency: number;
  /** The ServiceBindings that matter to a workload; undefined for one with which nothing is to be done. */
  readonly bindingsOf: (workload: Workload) => readonly string[] | undefined;
  readonly reconcile: (resource: Resource, store: Pick<Store<Workload, RawWorkload>, 'get'>) => Reconcile;
}

/** One controller for each kind; its keys are workloads. They are looked at when they, or one of their bindings, change. */
export function bindingUserControllers(
  deps: BindingUserDeps,
  workloads: readonly WorkloadInformer[],
  { name, concurrency, bindingsOf, reconcile }: BindingUserWork,
): readonly Controller[] {
  return workloadKinds.flatMap((resource, at) => {
    const informer = workloads[at];
    if (informer === undefined) return [];
    const { store } = informer;
    const controller = new Controller({
      name: `${name}-${resource.plural}`,
      reconcile: reconcile(resource, store),
      concurrency,
      logger: deps.logger,
      observe: deps.observe,
      isKnown: (key) => {
        const workload = store.get(key);
        return workload !== undefined && bindingsOf(workload) !== undefined;
      },
    });
    store.subscribe(({ object }) => {
      if (bindingsOf(object) !== undefined) controller.enqueue(objectKey(object));
    });
    // A Secret is not watched: what changes it is told on its binding.
    deps.stores.serviceBindings.store.subscribe(({ object: { metadata } }) => {
      for (const workload of store.byIndex('namespace', metadata.namespace ?? '')) {
        if (bindingsOf(workload)?.includes(metadata.name) === true) controller.enqueue(objectKey(workload));
      }
    });
    return [controller];
  });
}
