import type { ReconcileResult } from '../control/controller.ts';
import { judge } from './keeping/reclaim.ts';
import { hasDue, removeDue } from './keeping/remove-due.ts';
import { knownView } from './known-view.ts';
import type { NamespaceTurns } from './namespace-turns.ts';
import type { WorkloadDeps } from './workload-deps.ts';

/** When what has come to its time was not gone at once. */
const lookAgainMs = 1_000;

/**
 * Takes away what has come to its time in a namespace, all of it at once: it is looked at live before, which costs lists of the
 * whole namespace.
 */
export function removalReconciler(
  deps: WorkloadDeps,
  turns: NamespaceTurns,
): (namespace: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (namespace, signal) => {
    const known = deps.stores.namespaces.store.get(namespace);
    if (known?.metadata.deletionTimestamp !== undefined) return undefined;
    if (!hasDue(judge(deps, namespace, knownView(deps, namespace)))) return undefined;
    if (deps.staleMs() === 0) await turns.alone(namespace, async () => removeDue(deps, namespace, signal));
    return { requeueAfterMs: lookAgainMs };
  };
}
