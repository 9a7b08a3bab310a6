import { isConflict } from '../kube/errors.ts';
import type { ReconcileResult } from './controller.ts';

/**
 * What a step of a reconciler found: go on with the next one (with the object as it is now), or stop here.
 * A stop without `requeueAfterMs` waits for an event; with it, for that time as well.
 */
export type Step<T> =
  | { readonly kind: 'continue'; readonly object: T }
  | { readonly kind: 'stop'; readonly requeueAfterMs?: number };

export const stop: Step<never> = { kind: 'stop' };

export function goOn<T>(object: T): Step<T> {
  return { kind: 'continue', object };
}

export function stopFor(requeueAfterMs: number): Step<never> {
  return { kind: 'stop', requeueAfterMs };
}

/**
 * Runs the steps in order, each on the object that the one before it left.
 * @param readAnew called when somebody else wrote the object meanwhile, before the conflict is thrown: the run is
 *   repeated with back-off, and needs to see what is there
 */
export async function runSteps<T>(
  steps: readonly ((object: T) => Promise<Step<T>> | Step<T>)[],
  object: T,
  readAnew: (object: T) => Promise<void>,
): Promise<ReconcileResult | undefined> {
  try {
    let current = object;
    for (const step of steps) {
      const found = await step(current);
      if (found.kind === 'continue') current = found.object;
      else return found.requeueAfterMs === undefined ? undefined : { requeueAfterMs: found.requeueAfterMs };
    }
    return undefined;
  } catch (error) {
    if (isConflict(error)) await readAnew(object);
    throw error;
  }
}
