import type { KeptPod } from '../pod.ts';
import type { InjectionView } from './injection-view.ts';

/** A Pod that runs, or is to run, and that has to do with bindings or PodPresets. */
export interface WatchedPod {
  readonly name: string;
  readonly uid: string;
  readonly controller: KeptPod['controller'];
  readonly madeAtSeconds: number;
  readonly injection: InjectionView;
}

export function watchedPods(pods: readonly KeptPod[]): readonly WatchedPod[] {
  return pods.flatMap(({ metadata: { name, uid = '' }, controller, madeAtSeconds, injection }) =>
    injection === undefined ? [] : [{ name, uid, controller, madeAtSeconds, injection }],
  );
}
