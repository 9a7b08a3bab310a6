import { bindingSeenAnnotation } from '../../api/group.ts';
import { serviceBindings } from '../../api/kinds.ts';
import { requestNames } from '../../injection/binding.ts';
import type { Logger } from '../../base/logger.ts';
import type { ReconcileResult } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods } from '../../kube/resources.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { KeptPod, RawPod } from '../pod.ts';
import { isGoing } from '../workload.ts';
import type { GateView } from './gate-view.ts';
import type { SecretLooks } from './secret-looks.ts';

export interface GateDeps {
  readonly client: Pick<KubeClient, 'get' | 'patch'>;
  readonly stores: Pick<Stores, 'serviceBindings'>;
  readonly pods: Pick<Store<KeptPod, RawPod>, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly looks: Pick<SecretLooks, 'isThere' | 'recent'>;
  /** Bindings that were deleted while somebody waited for them, as `namespace/name`. */
  readonly gone: ReadonlySet<string>;
}

const timeoutMs = 10_000;
/** Nobody tells of a Secret that no binding writes. */
const lookAgainMs = 5_000;
/** What was done last to a Pod that is not known to be without its gate yet. */
const lifted = 'lifted';
/** Looks in a second beyond which the pauses between them grow. */
const manyLooks = 20;

/**
 * Lets one Pod go that our scheduling gate holds, when all Secrets are there that its bindings with `wait: gate` bring; or
 * when such a binding is deleted: then the kubelet waits, or the Pod's own timeout counts. One whose Secret nobody will write
 * is not let go: it is replaced (`stranded/`).
 */
export function gateReconciler(
  deps: GateDeps,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  // What was said last, by the key of the Pod.
  const told = new Map<string, string>();
  return async (key, signal) => {
    const pod = deps.pods.get(key);
    if (pod?.gate === undefined || pod.isFinished || pod.isGoing) {
      told.delete(key);
      return undefined;
    }
    const waits = await waitsOf(deps, pod, pod.gate, signal);
    if (waits.some(({ state }) => state === 'elsewhere')) return undefined;
    const gone = waits.find(({ state }) => state === 'gone');
    const missing = gone === undefined ? waits.find(({ state }) => state === 'missing') : undefined;
    if (missing !== undefined) {
      const message = `held by a scheduling gate until Secret "${missing.secret}" is there`;
      if (told.get(key) !== message) deps.events.record(asPod(pod), 'Normal', 'BindingAwaited', message);
      told.set(key, message);
      return hold(deps, pod, waits, signal);
    }
    await lift(deps, pod, pod.gate, signal);
    // The watch may not have told of it yet when there is other news.
    if (told.get(key) === lifted) return undefined;
    told.set(key, lifted);
    const { namespace = '', name } = pod.metadata;
    const why = gone === undefined ? 'its credentials are there' : `ServiceBinding "${gone.binding}" is gone`;
    deps.logger.info({ namespace, pod: name }, `gate lifted: ${why}`);
    deps.events.record(asPod(pod), 'Normal', 'GateLifted', `it may be scheduled: ${why}`);
    return undefined;
  };
}

async function hold(
  deps: GateDeps,
  pod: KeptPod,
  waits: readonly Wait[],
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const seen = waits.flatMap(({ seen: name }) => name ?? []);
  if (seen.length > 0) await noteSeen(deps, pod, seen, signal);
  if (waits.every(({ isTold, state }) => isTold || state === 'there')) return undefined;
  return { requeueAfterMs: lookAgainMs * Math.max(1, deps.looks.recent / manyLooks) };
}

interface Wait {
  readonly secret: string;
  readonly binding: string | undefined;
  /** `elsewhere`: its binding puts the credentials into another Secret than the Pod was given. */
  readonly state: 'there' | 'missing' | 'gone' | 'elsewhere';
  /** Somebody tells when that changes: its binding, when it comes or is bound. */
  readonly isTold: boolean;
  /** A binding that came after the Pod, and waits itself: if it goes, that was there must be known to whoever comes then. */
  readonly seen?: string;
}

async function waitsOf(
  deps: GateDeps,
  pod: KeptPod,
  { requests, workload }: GateView,
  signal: AbortSignal,
): Promise<readonly Wait[]> {
  const { namespace = '' } = pod.metadata;
  const lookup = (_namespace: string, name: string): string | undefined =>
    deps.stores.serviceBindings.store.get(scoped(namespace, name))?.spec.secretName;
  return Promise.all(
    requests.map(async (request): Promise<Wait> => {
      const { secret, binding } = requestNames(request, { namespace, workload }, lookup);
      const awaited = pod.awaits.find(({ name }) => name === request.name);
      if (awaited !== undefined && binding === awaited.binding) {
        const wait = await waitFor(deps, namespace, awaited, awaited.wasKnown, signal);
        const isNews = !awaited.wasKnown && hasToWait(deps, namespace, binding);
        return isNews ? { ...wait, seen: binding } : wait;
      }
      if (binding !== undefined) return waitFor(deps, namespace, { secret, binding }, false, signal);
      const isThere = await deps.looks.isThere(namespace, secret, signal);
      return { secret, binding, state: isThere ? 'there' : 'missing', isTold: false };
    }),
  );
}

/** @param wasKnown the binding was there before the Pod */
async function waitFor(
  deps: GateDeps,
  namespace: string,
  { secret, binding }: { readonly secret: string; readonly binding: string },
  wasKnown: boolean,
  signal: AbortSignal,
): Promise<Wait> {
  const isThere = async (): Promise<boolean> => deps.looks.isThere(namespace, secret, signal);
  const known = deps.stores.serviceBindings.store.get(scoped(namespace, binding));
  if (known === undefined) {
    // The watch of bindings may be behind that of Pods.
    const isGone =
      deps.gone.has(scoped(namespace, binding)) ||
      (wasKnown && !(await exists(deps, namespace, binding, signal)));
    return { secret, binding, state: isGone ? 'gone' : 'missing', isTold: true };
  }
  if ((known.spec.secretName || binding) !== secret) {
    return { secret, binding, state: 'elsewhere', isTold: true };
  }
  // A Secret of the name may be anybody's before the binding has written its own.
  const isBound = known.status?.binding?.name === secret && !isGoing(known);
  const state = isBound && (await isThere()) ? 'there' : 'missing';
  return { secret, binding, state, isTold: !isBound };
}

/** It is there and says so, and nothing is under way that would end the waiting in a moment. */
function hasToWait({ stores }: GateDeps, namespace: string, binding: string): boolean {
  const status = stores.serviceBindings.store.get(scoped(namespace, binding))?.status;
  return status?.binding === undefined && !status?.currentOperation && (status?.conditions ?? []).length > 0;
}

async function noteSeen(
  { client }: GateDeps,
  { metadata: { namespace = '', name, uid }, awaits }: KeptPod,
  seen: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const known = awaits.filter(({ wasKnown }) => wasKnown).map(({ binding }) => binding);
  const annotations = { [bindingSeenAnnotation]: [...new Set([...known, ...seen])].join(',') };
  const patch = { metadata: { uid, annotations } };
  await client.patch(pods, { namespace, name }, patch, { type: 'merge', signal, timeoutMs });
}

async function exists(
  { client }: GateDeps,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.get(serviceBindings, { namespace, name }, { signal, timeoutMs });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function lift(
  { client }: GateDeps,
  { metadata: { namespace = '', name, uid } }: KeptPod,
  { others }: GateView,
  signal: AbortSignal,
): Promise<void> {
  const schedulingGates = others.length === 0 ? null : others.map((gate) => ({ name: gate }));
  const patch = { metadata: { uid }, spec: { schedulingGates } };
  try {
    await client.patch(pods, { namespace, name }, patch, { type: 'merge', signal, timeoutMs });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function asPod({ metadata }: KeptPod): KubeObject {
  return { apiVersion: 'v1', kind: pods.kind, metadata };
}
