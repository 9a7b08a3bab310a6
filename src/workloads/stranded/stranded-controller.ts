import type { Stopwatch } from '../../base/stopwatch.ts';
import { Controller, type ReconcileObserver } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import { objectKey } from '../../kube/objects.ts';
import type { KeptPod, RawPod } from '../pod.ts';
import { Rounds } from './rounds.ts';
import { strandedReconciler, type StrandedDeps } from './stranded-reconciler.ts';

export interface StrandedControllerDeps extends Omit<StrandedDeps, 'pods' | 'rounds'> {
  readonly stopwatch: Stopwatch;
  readonly observe?: ReconcileObserver | undefined;
}

const concurrency = 4;

/**
 * The controller of Pods that wait for a Secret which nobody will write.
 * @param pods with an index `awaits` of the bindings that Pods wait for
 */
export function strandedController(deps: StrandedControllerDeps, pods: Store<KeptPod, RawPod>): Controller {
  const controller = new Controller({
    name: 'stranded',
    reconcile: strandedReconciler({ ...deps, pods, rounds: new Rounds(deps.stopwatch) }),
    concurrency,
    logger: deps.logger,
    observe: deps.observe,
    isKnown: (key) => (pods.get(key)?.awaits.length ?? 0) > 0,
  });
  const enqueue = (pod: KeptPod): void => controller.enqueue(objectKey(pod));
  pods.subscribe(({ object, removed }) => {
    if (!removed && object.awaits.length > 0) enqueue(object);
  });
  deps.stores.serviceBindings.store.subscribe(({ object, removed }) => {
    if (!removed) pods.byIndex('awaits', objectKey(object)).forEach(enqueue);
  });
  return controller;
}
