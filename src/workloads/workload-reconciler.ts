import type { ReconcileResult } from '../control/controller.ts';
import type { NamespaceView } from './keeping/in-use.ts';
import { knownView } from './known-view.ts';
import { serviceMaker } from './making/make-services.ts';
import { oldServiceReporter } from './making/old-services.ts';
import { judge, schedule } from './keeping/reclaim.ts';
import { removeDue } from './keeping/remove-due.ts';
import type { WorkloadDeps } from './workload-deps.ts';

/** When what has come to its time was not gone at once. */
const lookAgainMs = 1_000;
/** Longer than a timer can wait, and nobody needs it: what is written on the objects counts. */
const longestWaitMs = 86_400_000;

/**
 * Brings what was made for the workloads of one namespace in line with what they ask for. All of a namespace at once, because
 * workloads may share a service: it is kept while anybody in it may need it. What is refused holds up nothing else: it is told
 * on the workloads that ask for it, and tried again with a back-off of its own.
 */
export function workloadReconciler(
  deps: WorkloadDeps,
): (namespace: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const makeServices = serviceMaker(deps);
  const reportOldServices = oldServiceReporter(deps);
  return async (namespace, signal) => {
    // A terminating namespace takes no new objects, and its deletion removes what is there.
    const known = deps.stores.namespaces.store.get(namespace);
    if (known?.metadata.deletionTimestamp !== undefined) return undefined;
    const view = knownView(deps, namespace);
    const asking = [...view.workloads, ...view.pods.flatMap(({ asks }) => asks ?? [])];

    reportOldServices(namespace);
    const waiting = view.pods.flatMap(({ waits }) => waits ?? []);
    const makeMs = await makeServices(namespace, { asking, waiting }, signal);
    const reclaimMs = await reclaim(deps, namespace, view, signal);
    const afterMs = Math.min(makeMs ?? Number.POSITIVE_INFINITY, reclaimMs);
    return Number.isFinite(afterMs) ? { requeueAfterMs: afterMs } : undefined;
  };
}

/** What nobody asks for gets its time; what has come to it goes. Gives when to look again, milliseconds. */
async function reclaim(
  deps: WorkloadDeps,
  namespace: string,
  view: NamespaceView,
  signal: AbortSignal,
): Promise<number> {
  const waitMs = await schedule(deps, judge(deps, namespace, view), signal);
  if (waitMs === undefined) return Number.POSITIVE_INFINITY;
  if (waitMs > 0) return Math.min(waitMs, longestWaitMs);
  if (deps.staleMs() === 0) await removeDue(deps, namespace, signal);
  return lookAgainMs;
}
