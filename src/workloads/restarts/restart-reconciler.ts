import { restartWindowAnnotation, secretHashAnnotationPrefix } from '../../api/group.ts';
import type { Clock } from '../../base/clock.ts';
import { keyedChecksum } from '../../base/hash.ts';
import type { Logger } from '../../base/logger.ts';
import type { ReconcileResult } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { SecretObject } from '../../kube/data-objects.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { secrets, type Resource } from '../../kube/resources.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { RestartView } from './restart-view.ts';
import { parseRestartWindow, untilOpenMs } from './restart-window.ts';
import type { RawWorkload, Workload } from '../workload.ts';

export interface RestartDeps {
  readonly client: Pick<KubeClient, 'get' | 'patch'>;
  readonly stores: Pick<Stores, 'serviceBindings'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Of digests that everybody may read: what is in a Secret must not be guessed from them. */
  readonly checksumKey: { get(): Promise<{ readonly id: string; readonly text: string }> };
}

const timeoutMs = 10_000;
const digestLength = 16;

/**
 * Rolls one workload out when the Secret of a binding has changed that says `restart: on-change`: a digest of it goes into the
 * Pod template. Seen for the first time, it is noted on the workload itself, which starts nothing.
 */
export function restartReconciler(
  deps: RestartDeps,
  resource: Resource,
  store: Pick<Store<Workload, RawWorkload>, 'get'>,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (key, signal) => {
    const workload = store.get(key);
    const view = workload?.restarts;
    if (workload === undefined || view === undefined) return undefined;
    const now = await digestsNow(deps, workload, view, signal);
    const { first, changed } = comparedWith(view.seen, now);
    if (Object.keys(first).length > 0) await note(deps, resource, workload, first, false, signal);
    if (Object.keys(changed).length === 0) return undefined;
    const waiting = reasonToWait(view, deps.clock.now());
    if (waiting !== undefined) {
      deps.events.record(workload, 'Normal', 'RestartWaiting', `${whatChanged(changed)}: ${waiting.message}`);
      return waiting.requeueAfterMs === undefined ? undefined : { requeueAfterMs: waiting.requeueAfterMs };
    }
    await note(deps, resource, workload, changed, true, signal);
    const { kind, metadata } = workload;
    deps.logger.info({ kind, namespace: metadata.namespace, name: metadata.name }, whatChanged(changed));
    deps.events.record(workload, 'Normal', 'Restarted', `${whatChanged(changed)}: its Pods are replaced`);
    return undefined;
  };
}

type Digests = Readonly<Record<string, string>>;

/** Of the Secrets that are there, by the binding's directory name. */
async function digestsNow(
  { client, stores, checksumKey }: RestartDeps,
  { metadata: { namespace = '' } }: Workload,
  { bindings }: RestartView,
  signal: AbortSignal,
): Promise<Digests> {
  const { id, text } = await checksumKey.get();
  const found = new Map<string, string>();
  for (const { name, binding } of bindings) {
    const spec = stores.serviceBindings.store.get(scoped(namespace, binding))?.spec;
    if (spec === undefined) continue;
    const ref = { namespace, name: spec.secretName || binding };
    try {
      const { data = {} } = await client.get<SecretObject>(secrets, ref, { signal, timeoutMs });
      found.set(name, `${id}.${keyedChecksum(text, data).slice(0, digestLength)}`);
    } catch (error) {
      // It may come yet, and the Pods wait for it.
      if (!isNotFound(error)) throw error;
    }
  }
  return Object.fromEntries(found);
}

/** A digest that another key has made says nothing about the Secret: it is noted anew. */
function comparedWith(seen: Digests, now: Digests): { readonly first: Digests; readonly changed: Digests } {
  const keyOf = (digest: string | undefined): string | undefined => digest?.split('.', 1)[0];
  const entries = Object.entries(now).filter(([name, digest]) => seen[name] !== digest);
  const isFirst = ([name, digest]: readonly [string, string]): boolean => keyOf(seen[name]) !== keyOf(digest);
  return {
    first: Object.fromEntries(entries.filter(isFirst)),
    changed: Object.fromEntries(entries.filter((entry) => !isFirst(entry))),
  };
}

function reasonToWait(
  { isPaused, window }: RestartView,
  nowMs: number,
): { readonly message: string; readonly requeueAfterMs?: number } | undefined {
  // Whoever resumes it changes it, and it is looked at again.
  if (isPaused) return { message: 'it is paused; its Pods are replaced when it is resumed' };
  if (window === undefined) return undefined;
  const parsed = parseRestartWindow(window);
  if (parsed === undefined) {
    return { message: `${restartWindowAnnotation} is not <HH:MM>-<HH:MM> (UTC), so nothing is restarted` };
  }
  const requeueAfterMs = untilOpenMs(parsed, nowMs);
  if (requeueAfterMs === 0) return undefined;
  return { message: `its Pods are replaced in its window, ${window} UTC`, requeueAfterMs };
}

function whatChanged(changed: Digests): string {
  return `the credentials of ${Object.keys(changed).toSorted().join(', ')} have changed`;
}

/** Conflicts are no matter: who wrote the workload since has it looked at again. */
async function note(
  { client }: RestartDeps,
  resource: Resource,
  { metadata: { namespace = '', name, uid, resourceVersion } }: Workload,
  digests: Digests,
  onTemplate: boolean,
  signal: AbortSignal,
): Promise<void> {
  const annotations = Object.fromEntries(
    Object.entries(digests).map(([binding, digest]) => [secretHashAnnotationPrefix + binding, digest]),
  );
  const template = onTemplate ? { spec: { template: { metadata: { annotations } } } } : {};
  const patch = { metadata: { uid, resourceVersion, annotations }, ...template };
  await client.patch(resource, { namespace, name }, patch, { type: 'merge', signal, timeoutMs });
}
