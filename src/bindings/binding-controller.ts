import { Controller, type ReconcileObserver } from '../control/controller.ts';
import { objectKey } from '../kube/objects.ts';
import { concernedKeys } from '../operations/concerned-keys.ts';
import { lifeOf } from '../operations/life.ts';
import { onNewBrokerAnnotations } from '../operations/new-annotations.ts';
import type { OperationDeps } from '../operations/operation-deps.ts';
import { bindingKind } from './binding-kind.ts';
import { InstanceLanes } from './instance-lanes.ts';
import { bindingIdOf, knownBinding } from './known-binding.ts';

export interface BindingControllerOptions {
  /** Bindings worked on at the same time. */
  readonly concurrency: number;
  readonly observe?: ReconcileObserver | undefined;
}

/** The controller of ServiceBindings, and the events that make it look at one again. */
export function bindingController(deps: OperationDeps, options: BindingControllerOptions): Controller {
  const { stores, logger, stopwatch } = deps;
  const bindings = stores.serviceBindings.store;
  const lanes = new InstanceLanes({ stopwatch, wake: (key) => controller.enqueue(key) });
  const controller: Controller = new Controller({
    name: 'service-binding',
    reconcile: lifeOf(bindingKind(lanes), deps),
    concurrency: options.concurrency,
    logger,
    observe: options.observe,
    isKnown: (key) => bindings.get(key) !== undefined,
  });
  bindings.subscribe((change) => {
    for (const key of concernedKeys(bindings, bindingIdOf, change)) controller.enqueue(key);
  });

  // A binding that waits for its instance goes on when the instance appears or becomes ready.
  stores.serviceInstances.store.subscribe(({ object }) => {
    for (const binding of bindings.byIndex('instance', objectKey(object))) {
      if (binding.status?.externalProperties === undefined) controller.enqueue(objectKey(binding));
    }
  });

  // What was kept because orphan mitigation is switched off goes when it is switched on.
  onNewBrokerAnnotations(stores, (belongs) => {
    for (const binding of bindings.list()) {
      const isKept = binding.status?.orphanMitigationInProgress === true;
      if (isKept && belongs(knownBinding(binding, stores)?.broker)) controller.enqueue(objectKey(binding));
    }
  });
  return controller;
}
