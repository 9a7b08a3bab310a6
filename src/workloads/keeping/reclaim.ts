import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { reclaimAnnotation, reclaimAtAnnotation } from '../../api/group.ts';
import { serviceBindings, serviceInstances } from '../../api/kinds.ts';
import type { Logger } from '../../base/logger.ts';
import { slotOf } from '../../control/attempts.ts';
import { readAnew } from '../../control/read-anew.ts';
import type { Store } from '../../control/store.ts';
import type { Reclaim } from '../../injection/request-owner.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { objectKey, type KubeObject } from '../../kube/objects.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import { instanceKeyOf } from '../../model/instance-of.ts';
import type { Stores } from '../../model/stores.ts';
import { inUse, type InUse, type Made, type MadeInstance, type NamespaceView } from './in-use.ts';
import { reclaimMark } from './reclaim-at.ts';
import { instancePolicy, loginPolicy, namespacePolicy, recordOf, settledRecord } from './reclaim-policy.ts';
import { reclaimStep, type ReclaimStep, type ReclaimTimes } from './reclaim-step.ts';

export interface ReclaimDeps extends ReclaimTimes {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
}

/** One thing that was made for a workload, and what is to be done about it. */
export interface Due<T extends KubeObject = KubeObject> {
  readonly made: Made<T>;
  readonly step: ReclaimStep;
}

export interface Judged {
  readonly bindings: readonly Due<ServiceBinding>[];
  readonly instances: readonly (Due<ServiceInstance> & {
    readonly made: MadeInstance;
    readonly policy: Reclaim;
  })[];
  /** What those say who say nothing. */
  readonly fallback: Reclaim;
}

/** What is to be done about all that was made in a namespace. Pure but for the clocks. */
export function judge(
  deps: Pick<ReclaimDeps, 'stores'> & ReclaimTimes,
  namespace: string,
  view: NamespaceView,
): Judged {
  const { bindings, instances }: InUse = inUse(view);
  const { settings, stores, lastWords } = deps;
  const fallback = namespacePolicy(stores.namespaces.store.get(namespace), settings);
  const byKey = new Map(instances.map((made) => [objectKey(made.object), made] as const));
  const logins = bindings.map((made) => {
    const instance = byKey.get(instanceKeyOf(made.object));
    const words = instance && lastWords.about(instance.object);
    const policy = loginPolicy(made, instance, fallback, settings, view.isThere, words);
    return { made, step: reclaimStep(made, policy, deps) };
  });
  const waiting = new Set(logins.filter(({ step }) => step.kind !== 'act').map(({ made }) => made));
  return {
    fallback,
    bindings: logins,
    instances: instances.map((made) => {
      const policy = instancePolicy(made, fallback, view.isThere, lastWords.about(made.object));
      const step = reclaimStep(made, policy, deps);
      const isHeld = step.kind === 'act' && made.logins.some((login) => waiting.has(login));
      return { made, policy, step: isHeld ? { kind: 'none' } : step };
    }),
  };
}

/**
 * Writes on what was made what is known of its future: for how long it is kept, when it goes, or that it stays.
 * @returns when the namespace is to be looked at again, milliseconds; 0 when the time of something has come
 */
export async function schedule(
  deps: ReclaimDeps,
  { bindings, instances, fallback }: Judged,
  signal: AbortSignal,
): Promise<number | undefined> {
  const {
    serviceBindings: { store: bindingStore },
    serviceInstances: { store: instanceStore },
  } = deps.stores;
  const waits: number[] = [];
  for (const { made, step } of bindings) {
    await tellFuture(deps, serviceBindings, made.object, { step, record: undefined }, bindingStore, signal);
    waits.push(...waitOf(step));
  }
  for (const { made, step, policy } of instances) {
    const asked = made.reclaims.length === 0 ? undefined : recordOf(made.reclaims, fallback);
    const record =
      step.kind === 'schedule' ? settledRecord(policy, fallback) : (asked ?? lastRecord(deps, made));
    await tellFuture(deps, serviceInstances, made.object, { step, record }, instanceStore, signal);
    waits.push(...waitOf(step));
  }
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** `keep` that was said last, before it could be recorded. */
function lastRecord({ lastWords }: ReclaimDeps, { object, usedBy }: MadeInstance): string | undefined {
  const isKept = lastWords.about(object)?.some((said) => said?.kind === 'keep') === true;
  return isKept && usedBy === undefined ? 'keep' : undefined;
}

function waitOf(step: ReclaimStep): readonly number[] {
  if (step.kind === 'act') return [0];
  return step.kind === 'wait' ? [step.waitMs] : [];
}

/** @throws KubeApiError 409 when the object has changed; what it is now has been read then */
async function tellFuture<T extends ServiceInstance | ServiceBinding>(
  deps: ReclaimDeps,
  resource: Resource,
  object: T,
  { step, record }: { readonly step: ReclaimStep; readonly record: string | undefined },
  store: Store<T>,
  signal: AbortSignal,
): Promise<void> {
  const time = step.kind === 'schedule' ? deps.times.plan(slotOf(object, 'reclaimAt'), step.graceMs) : '';
  const annotations: Record<string, string | null> = { ...recordChange(object, record) };
  if (step.kind === 'cancel') annotations[reclaimAtAnnotation] = null;
  if (step.kind === 'schedule') annotations[reclaimAtAnnotation] = reclaimMark(time, object);
  if (Object.keys(annotations).length === 0) return;
  if (!(await annotate(deps.client, resource, object, annotations, store, signal))) return;
  if (step.kind === 'cancel') {
    deps.unused.forget(object.metadata.uid ?? '');
    tell(deps, resource, object, 'ReclaimCancelled', `It is not deleted: ${step.why}`);
  }
  if (step.kind === 'schedule')
    tell(deps, resource, object, 'ReclaimScheduled', scheduled(resource, object, time));
}

function recordChange({ metadata }: KubeObject, record: string | undefined): Record<string, string | null> {
  const known = metadata.annotations?.[reclaimAnnotation] ?? '';
  return record === undefined || record === known
    ? {}
    : { [reclaimAnnotation]: record === '' ? null : record };
}

/**
 * @returns false when the object is gone
 * @throws KubeApiError 409 when the object has changed; what it is now has been read then
 */
async function annotate<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  object: T,
  annotations: Readonly<Record<string, string | null>>,
  store: Store<T>,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace = '', name, uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion, annotations } };
  try {
    store.put(await client.patch<T>(resource, { namespace, name }, patch, { type: 'merge', signal }));
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    await readAnew(client, resource, object, store, signal);
    if (isNotFound(error)) return false;
    throw error;
  }
}

function scheduled({ kind }: Resource, { metadata: { name } }: KubeObject, time: string): string {
  const begin = 'Nobody asks for it any more. It is deleted with its';
  const end = `at ${time}, unless somebody asks for it again`;
  return kind === serviceInstances.kind
    ? `${begin} data ${end}; "kubectl delete sinst ${name}" does it at once`
    : `${begin} Secret ${end}`;
}

/** Said on the object itself, and in the log. */
export function tell(
  { events, logger }: Pick<ReclaimDeps, 'events' | 'logger'>,
  resource: Resource,
  object: KubeObject,
  reason: 'ReclaimScheduled' | 'ReclaimCancelled' | 'Reclaimed',
  message: string,
): void {
  const { kind } = resource;
  const { namespace, name } = object.metadata;
  logger.info({ kind, namespace, name, reason }, message);
  events.record({ ...object, apiVersion: apiVersionOf(resource), kind }, 'Normal', reason, message);
}
