import { podsAdmittedAtAnnotation } from '../../api/group.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Stopwatch } from '../../base/stopwatch.ts';
import type { ReconcileResult } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { Resource } from '../../kube/resources.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import { isGoing, type RawWorkload, type Workload } from '../workload.ts';

export interface RefusedDeps {
  readonly client: Pick<KubeClient, 'patch'>;
  readonly stores: Pick<Stores, 'serviceBindings'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** For what is written. */
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
}

const timeoutMs = 10_000;
/** The webhook may hear of the credentials later than this process, and refuse once more. */
const firstPauseMs = 1_000;
const maxNudges = 6;

/**
 * Nudges one workload whose Pods were refused for want of credentials, when these are there: its controller tries again at
 * once when anything of it changes, and else after minutes. Again after growing pauses as long as Pods are missing, for a
 * minute: what is missing then has another reason.
 */
export function refusedReconciler(
  deps: RefusedDeps,
  resource: Resource,
  store: Pick<Store<Workload, RawWorkload>, 'get'>,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const nudges = new Map<string, { readonly count: number; readonly notBeforeMs: number }>();
  return async (key, signal) => {
    const workload = store.get(key);
    const view = workload?.refused;
    const isDue = view?.lacksPods === true && view.bindings.every((name) => isBound(deps, workload, name));
    if (workload === undefined || !isDue) {
      nudges.delete(key);
      return undefined;
    }
    const nowMs = deps.stopwatch.elapsedMs();
    const { count, notBeforeMs } = nudges.get(key) ?? { count: 0, notBeforeMs: nowMs };
    if (count >= maxNudges) return undefined;
    if (nowMs < notBeforeMs) return { requeueAfterMs: notBeforeMs - nowMs };
    await nudge(deps, resource, workload, signal);
    const pauseMs = firstPauseMs * 2 ** count;
    nudges.set(key, { count: count + 1, notBeforeMs: nowMs + pauseMs });
    if (count === 0) tell(deps, workload);
    return { requeueAfterMs: pauseMs };
  };
}

/** As the webhook judges it. */
function isBound({ stores }: RefusedDeps, workload: Workload | undefined, name: string): boolean {
  const binding = stores.serviceBindings.store.get(scoped(workload?.metadata.namespace, name));
  return binding?.status?.binding !== undefined && !isGoing(binding);
}

async function nudge(
  { client, clock }: RefusedDeps,
  resource: Resource,
  { metadata: { namespace = '', name, uid } }: Workload,
  signal: AbortSignal,
): Promise<void> {
  const annotations = { [podsAdmittedAtAnnotation]: new Date(clock.now()).toISOString() };
  const patch = { metadata: { uid, annotations } };
  try {
    await client.patch(resource, { namespace, name }, patch, { type: 'merge', signal, timeoutMs });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function tell({ events, logger }: RefusedDeps, workload: Workload): void {
  const { kind, metadata } = workload;
  const message = 'the credentials are there without which its Pods were refused: they are made now';
  logger.info({ kind, namespace: metadata.namespace, name: metadata.name }, message);
  events.record(workload, 'Normal', 'PodsAdmitted', message);
}
