import type { ReconcileResult } from '../control/controller.ts';
import { servicesIn } from './concerned-services.ts';
import { serviceMaker } from './making/make-services.ts';
import { oldServiceReporter } from './making/old-services.ts';
import { judge, schedule } from './keeping/reclaim.ts';
import type { NamespaceTurns } from './namespace-turns.ts';
import { serviceView } from './service-view.ts';
import type { WorkloadDeps } from './workload-deps.ts';

/** Longer than a timer can wait, and nobody needs it: what is written on the objects counts. */
const longestWaitMs = 86_400_000;

export interface Others {
  readonly turns: NamespaceTurns;
  /** Has a service looked at, by `namespace/name` of its instance. */
  readonly look: (service: string) => void;
  /** Has that taken away in a namespace which has come to its time. */
  readonly remove: (namespace: string) => void;
}

/**
 * Brings a service, which is an instance and all logins at it, in line with what the workloads of its namespace ask for: all who
 * may share it at once, and nothing else of the namespace. What is refused holds up nothing else: it is told on the workloads that
 * ask for it, and tried again with a back-off of its own. Of a namespace all services are looked at.
 */
export function workloadReconciler(
  deps: WorkloadDeps,
  others: Others,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const maker = serviceMaker(deps);
  const reportOldServices = oldServiceReporter(deps);
  return async (key, signal) => {
    const [namespace = '', ...rest] = key.split('/');
    const instance = rest.join('/');
    // A terminating namespace takes no new objects, and its deletion removes what is there.
    if (deps.stores.namespaces.store.get(namespace)?.metadata.deletionTimestamp !== undefined) {
      maker.forget(namespace, instance);
      return undefined;
    }
    if (instance === '') {
      reportOldServices(namespace);
      for (const service of servicesIn(deps, namespace)) others.look(service);
      return undefined;
    }
    return others.turns.beside(namespace, key, async () => {
      const makeMs = await maker.make(namespace, instance, signal);
      const reclaimMs = await reclaim(deps, others, namespace, instance, signal);
      const afterMs = Math.min(makeMs ?? Number.POSITIVE_INFINITY, reclaimMs);
      return Number.isFinite(afterMs) ? { requeueAfterMs: afterMs } : undefined;
    });
  };
}

/** What nobody asks for gets its time. Gives when to look again, milliseconds. */
async function reclaim(
  deps: WorkloadDeps,
  { remove }: Others,
  namespace: string,
  instance: string,
  signal: AbortSignal,
): Promise<number> {
  const judged = judge(deps, namespace, serviceView(deps, namespace, instance));
  const waitMs = await schedule(deps, judged, signal);
  if (waitMs === 0) remove(namespace);
  return waitMs === undefined || waitMs === 0 ? Number.POSITIVE_INFINITY : Math.min(waitMs, longestWaitMs);
}
