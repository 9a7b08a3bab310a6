import type { KeptPod } from '../pod.ts';
import type { AskedBinding, InjectionView } from './injection-view.ts';

/** A Pod that runs, or is to run, and that has to do with bindings or PodPresets. */
export interface WatchedPod {
  readonly name: string;
  readonly uid: string;
  readonly controller: KeptPod['controller'];
  readonly madeAtSeconds: number;
  readonly injection: InjectionView;
}

/** @param writtenBy name of the Secret that a ServiceBinding writes; undefined while there is none */
export function watchedPods(
  pods: readonly KeptPod[],
  writtenBy: (binding: string) => string | undefined,
): readonly WatchedPod[] {
  return pods.flatMap(({ metadata: { name, uid = '' }, controller, madeAtSeconds, injection, awaits }) => {
    if (injection === undefined) return [];
    const isAwaiting = (asked: AskedBinding): boolean => awaits.some((one) => one.name === asked.name);
    return [{ name, uid, controller, madeAtSeconds, injection: judged(injection, writtenBy, isAwaiting) }];
  });
}

/** What a Pod was given is not what its binding writes, if that came later under another `secretName`. */
function judged(
  injection: InjectionView,
  writtenBy: (binding: string) => string | undefined,
  isAwaiting: (asked: AskedBinding) => boolean,
): InjectionView {
  const asked = injection.asked.map((one) => {
    const written = one.binding === undefined ? undefined : writtenBy(one.binding);
    if (!one.isThere || written === undefined || written === one.secret) return one;
    return { ...one, isThere: false, elsewhere: { written, isReplaced: isAwaiting(one) } };
  });
  return asked.some(({ elsewhere }) => elsewhere !== undefined) ? { ...injection, asked } : injection;
}
