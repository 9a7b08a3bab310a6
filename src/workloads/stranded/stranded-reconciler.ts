import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import { serviceBindings } from '../../api/kinds.ts';
import type { Logger } from '../../base/logger.ts';
import type { ReconcileResult } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { jobs, pods, secrets, type Resource } from '../../kube/resources.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import { trimPod, type KeptPod, type PodController, type RawPod } from '../pod.ts';
import { isOfJob, reasonToLeave, reasonToLeaveOfJob, type RawJob } from './replaceable.ts';
import type { Rounds } from './rounds.ts';
import { strandingOf, type Stranding } from './stranding.ts';

export interface StrandedDeps {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'delete'>;
  readonly stores: Pick<Stores, 'serviceBindings'>;
  /** With an index `namespace` of those that need something. */
  readonly pods: Pick<Store<KeptPod, RawPod>, 'get' | 'byIndex'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly rounds: Rounds;
}

const timeoutMs = 10_000;
/** Nobody tells when a Secret goes that is there though the binding does not write it. */
const lookAgainMs = 60_000;

/**
 * Replaces one Pod that waits for a Secret which nobody will write, because the binding puts its credentials into another
 * one. What is decided here can not be undone, so it is decided on live objects, and the DELETE holds for the Pod that was
 * looked at. Where it would do harm, or nobody would make the Pod anew, a person is told.
 */
export function strandedReconciler(
  deps: StrandedDeps,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  // What was said last, by the key of the Pod.
  const told = new Map<string, string>();
  return async (key, signal) => {
    const known = deps.pods.get(key);
    if (known === undefined || strandingInStore(deps, known) === undefined) {
      told.delete(key);
      return undefined;
    }
    const pod = await livePod(deps, known, signal);
    const stranding = pod && (await liveStranding(deps, pod, signal));
    if (pod === undefined || stranding === undefined) return undefined;
    if (await mayStart(deps, pod, stranding, signal)) return { requeueAfterMs: lookAgainMs };
    const verdict = await judge(deps, pod, signal);
    if (verdict.kind === 'leave') tell(deps, told, key, pod, stranding, verdict.reason);
    if (verdict.kind !== 'replace') return verdict.kind === 'wait' ? verdict : undefined;
    await replace(deps, pod, stranding, signal);
    told.delete(key);
    return undefined;
  };
}

type Verdict =
  | { readonly kind: 'replace' }
  | { readonly kind: 'wait'; readonly requeueAfterMs: number }
  | { readonly kind: 'leave'; readonly reason: string };

async function judge(deps: StrandedDeps, pod: KeptPod, signal: AbortSignal): Promise<Verdict> {
  const reason = reasonToLeave(pod) ?? (await reasonOfJob(deps, pod, signal));
  if (reason !== undefined) return { kind: 'leave', reason };
  const requeueAfterMs = enterRound(deps, pod);
  if (requeueAfterMs === undefined) {
    return { kind: 'leave', reason: 'those that were made in its place waited in vain, too' };
  }
  return requeueAfterMs === 0 ? { kind: 'replace' } : { kind: 'wait', requeueAfterMs };
}

function strandingInStore({ stores }: StrandedDeps, pod: KeptPod): Stranding | undefined {
  const { namespace } = pod.metadata;
  return strandingOf(pod, (name) => stores.serviceBindings.store.get(scoped(namespace, name)));
}

/** Undefined when it is gone, or another one has its name. */
async function livePod(
  { client }: StrandedDeps,
  { metadata }: KeptPod,
  signal: AbortSignal,
): Promise<KeptPod | undefined> {
  const raw = await liveObject<RawPod>(client, pods, metadata.namespace, metadata.name, signal);
  return raw !== undefined && raw.metadata.uid === metadata.uid ? trimPod(raw) : undefined;
}

/** There is a right to list, none to get: who takes it learns nothing more. */
async function liveObject<T extends KubeObject>(
  client: StrandedDeps['client'],
  resource: Resource,
  namespace: string | undefined,
  name: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}` };
  const { items } = await client.list<T>(resource, selection, { signal, timeoutMs });
  return items[0];
}

async function liveStranding(
  { client }: StrandedDeps,
  pod: KeptPod,
  signal: AbortSignal,
): Promise<Stranding | undefined> {
  const { namespace = '' } = pod.metadata;
  const found = new Map<string, ServiceBinding>();
  for (const { binding: name } of pod.awaits) {
    if (found.has(name)) continue;
    try {
      const ref = { namespace, name };
      found.set(name, await client.get<ServiceBinding>(serviceBindings, ref, { signal, timeoutMs }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return strandingOf(pod, (name) => found.get(name));
}

/** Somebody else has made the Secret. The kubelet looks for it every two minutes at least. */
async function mayStart(
  { client }: StrandedDeps,
  { metadata: { namespace = '' } }: KeptPod,
  { secret: name, isHeld }: Stranding,
  signal: AbortSignal,
): Promise<boolean> {
  if (isHeld) return false;
  try {
    await client.get(secrets, { namespace, name }, { signal, timeoutMs });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function reasonOfJob(
  deps: StrandedDeps,
  { controller, metadata: { namespace = '' } }: KeptPod,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (controller === undefined || !isOfJob(controller)) return undefined;
  const { name, uid } = controller;
  // What is going stays until the Job has counted it. So they are counted here before the Job is read: some twice, none never.
  const waiting = podsOf(deps, namespace, controller).filter(
    (pod) => !pod.isFinished && (pod.isGoing || strandingInStore(deps, pod) !== undefined),
  );
  const job = await liveObject<RawJob>(deps.client, jobs, namespace, name, signal);
  if (job?.metadata.uid !== uid) return `Job "${name}" is gone`;
  return reasonToLeaveOfJob(job, Math.max(1, waiting.length));
}

function podsOf(
  { pods: store }: StrandedDeps,
  namespace: string,
  { uid }: PodController,
): readonly KeptPod[] {
  return store.byIndex('namespace', namespace).filter(({ controller }) => controller?.uid === uid);
}

function enterRound(deps: StrandedDeps, { metadata, controller }: KeptPod): number | undefined {
  if (controller === undefined) return undefined;
  const { namespace = '', uid = '' } = metadata;
  return deps.rounds.enter(controller.uid, uid, () =>
    podsOf(deps, namespace, controller)
      .filter((pod) => strandingInStore(deps, pod) !== undefined)
      .map((pod) => pod.metadata.uid ?? ''),
  );
}

async function replace(
  { client, events, logger }: StrandedDeps,
  { metadata: { namespace = '', name, uid, resourceVersion }, controller }: KeptPod,
  stranding: Stranding,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(pods, { namespace, name }, { uid, resourceVersion, signal, timeoutMs });
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  logger.info({ namespace, pod: name }, `Pod replaced: ${whatIsWrong(stranding)}`);
  if (controller === undefined) return;
  const { apiVersion, kind, name: owner, uid: ownerUid } = controller;
  const regarding = { apiVersion, kind, metadata: { namespace, name: owner, uid: ownerUid } };
  events.record(regarding, 'Normal', 'PodReplaced', `a Pod is made anew: ${whatIsWrong(stranding)}`);
}

function tell(
  { events }: StrandedDeps,
  told: Map<string, string>,
  key: string,
  { metadata }: KeptPod,
  stranding: Stranding,
  reason: string,
): void {
  const message = `${whatIsWrong(stranding)}; delete the Pod, or what made it, and make it anew: ${reason}`;
  if (told.get(key) === message) return;
  told.set(key, message);
  events.record({ apiVersion: 'v1', kind: pods.kind, metadata }, 'Warning', 'PodStranded', message);
}

function whatIsWrong({ secret, binding, writes }: Stranding): string {
  return `it waits for Secret "${secret}", and ServiceBinding "${binding}" writes Secret "${writes}"`;
}
