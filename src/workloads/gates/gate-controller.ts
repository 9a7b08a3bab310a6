import type { Stopwatch } from '../../base/stopwatch.ts';
import { Controller, type ReconcileObserver } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import { objectKey } from '../../kube/objects.ts';
import { scoped } from '../../model/stores.ts';
import type { KeptPod, RawPod } from '../pod.ts';
import { gateReconciler, type GateDeps } from './gate-reconciler.ts';
import { SecretLooks } from './secret-looks.ts';

export interface GateControllerDeps extends Omit<GateDeps, 'pods' | 'gone' | 'looks'> {
  readonly stopwatch: Stopwatch;
  readonly observe?: ReconcileObserver | undefined;
}

const concurrency = 8;

/** The controller of Pods that our scheduling gate holds. */
export function gateController(deps: GateControllerDeps, pods: Store<KeptPod, RawPod>): Controller {
  const gone = new Set<string>();
  const looks = new SecretLooks(deps);
  const controller = new Controller({
    name: 'gate',
    reconcile: gateReconciler({ ...deps, pods, gone, looks }),
    concurrency,
    logger: deps.logger,
    observe: deps.observe,
    isKnown: (key) => pods.get(key)?.gate !== undefined,
  });
  pods.subscribe(({ object, removed }) => {
    if (!removed && object.gate !== undefined) controller.enqueue(objectKey(object));
  });
  deps.stores.serviceBindings.store.subscribe(({ object, removed }) => {
    const { namespace, name } = object.metadata;
    const key = scoped(namespace, name);
    const waiting = [
      ...pods.byIndex('needs', scoped(namespace, object.spec.secretName || name)),
      // Whatever Secret they were given.
      ...pods.byIndex('awaits', key),
    ].filter(({ gate }) => gate !== undefined);
    // Remembered for those only who wait for it now.
    if (removed && waiting.length > 0) gone.add(key);
    else if (!removed) gone.delete(key);
    for (const pod of waiting) controller.enqueue(objectKey(pod));
  });
  return controller;
}
