import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { scoped } from '../control/stores.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import { instanceReconciler } from './instance-reconciler.ts';
import type { OperationDeps } from '../brokers/operation.ts';

export interface InstanceControllerOptions {
  /** Instances worked on at the same time. */
  readonly concurrency: number;
  readonly observe?: ReconcileObserver | undefined;
}

/** The controller of ServiceInstances, and the events that make it look at one again. */
export function instanceController(deps: OperationDeps, options: InstanceControllerOptions): Controller {
  const { stores, logger } = deps;
  const controller = new Controller({
    name: 'service-instance',
    reconcile: instanceReconciler(deps),
    concurrency: options.concurrency,
    logger,
    observe: options.observe,
  });
  const instances = stores.serviceInstances.store;
  const enqueueAll = (found: readonly ServiceInstance[]): void => {
    for (const instance of found) controller.enqueue(objectKey(instance));
  };

  instances.subscribe(({ object }) => controller.enqueue(objectKey(object)));

  // An instance that waits for its class or plan goes on when one appears or comes back into the catalog.
  const onOffering =
    (index: 'class' | 'plan') => (change: { readonly object: KubeObject; readonly removed: boolean }) => {
      if (change.removed) return;
      enqueueAll(instances.byIndex('unresolved', 'true'));
      const { name, namespace } = change.object.metadata;
      enqueueAll(instances.byIndex(index, scoped(namespace, name)).filter(isWaiting));
    };
  stores.clusterServiceClasses.store.subscribe(onOffering('class'));
  stores.serviceClasses.store.subscribe(onOffering('class'));
  stores.clusterServicePlans.store.subscribe(onOffering('plan'));
  stores.servicePlans.store.subscribe(onOffering('plan'));

  // A deletion that waits for bindings goes on when the last one is gone.
  stores.serviceBindings.store.subscribe(({ object, removed }) => {
    if (removed) controller.enqueue(scoped(object.metadata.namespace, object.spec.instanceRef.name));
  });
  return controller;
}

function isWaiting({ status }: ServiceInstance): boolean {
  return status?.provisionStatus !== 'Provisioned';
}
