import type { Store } from '../control/store.ts';
import { objectKey } from '../kube/objects.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { KeptPod, RawPod } from './pod.ts';

/** Tells of each binding whose Secret a Pod names that has not started yet: it may wait for a Secret that is not there. */
export function onPodsThatWait(
  pods: Pick<Store<KeptPod, RawPod>, 'subscribe'>,
  { serviceBindings }: Pick<Stores, 'serviceBindings'>,
  waitsFor: (binding: string) => void,
): void {
  pods.subscribe(({ object: { metadata, needs, hasStarted, isFinished, isGoing }, removed }) => {
    if (removed || hasStarted || isFinished || isGoing) return;
    for (const name of needs) {
      for (const binding of serviceBindings.store.byIndex('secret', scoped(metadata.namespace, name))) {
        waitsFor(objectKey(binding));
      }
    }
  });
}
