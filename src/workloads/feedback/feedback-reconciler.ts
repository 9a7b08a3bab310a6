import { podPresets, serviceBindings } from '../../api/kinds.ts';
import type { Clock } from '../../base/clock.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { timestamp } from '../../control/attempts.ts';
import type { ReconcileResult } from '../../control/controller.ts';
import type { Store } from '../../control/store.ts';
import type { StatusClient } from '../../control/status-writer.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { pods as podResource } from '../../kube/resources.ts';
import type { KeptPreset } from '../../model/kept-form.ts';
import { scoped, type Stores } from '../../model/stores.ts';
import type { KnownPods, KnownWorkloads } from '../known-view.ts';
import { StandingEvents, type StandingEventsDeps } from '../standing-events.ts';
import { tellBindings, tellPresets, type InjectedStatement } from './count-pods.ts';
import { LookTimes } from './look-times.ts';
import { tellWorkloads, type PodTelling } from './tell-workloads.ts';
import { watchedPods, type WatchedPod } from './watched-pod.ts';
import type { Place } from './why-without.ts';
import { hasInjected, isAtRest, writeInjected } from './write-injected.ts';

export interface FeedbackDeps extends StandingEventsDeps {
  readonly client: StatusClient;
  readonly stores: Pick<Stores, 'serviceBindings' | 'namespaces'>;
  readonly workloads: KnownWorkloads;
  readonly pods: KnownPods;
  readonly presets: { readonly store: Pick<Store<KeptPreset>, 'byIndex' | 'put'> };
  readonly clock: Clock;
  /** Bindery's own. */
  readonly namespace: string;
}

/** Status writes for one namespace at the same time: nobody waits for them. */
const concurrency = 2;
/** Of Pods that nothing stands behind so many are told themselves; the conditions count all. */
const maxTellingsOnPods = 20;

/**
 * Tells how the Pods of one namespace stand: on the bindings and PodPresets that they have or should have, as condition
 * `Injected`, and on their workloads, as Events.
 */
export function feedbackReconciler(
  deps: FeedbackDeps,
): (namespace: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const times = new LookTimes(deps.stopwatch);
  const events = new StandingEvents(deps);
  return async (namespace, signal) => {
    const known = deps.stores.namespaces.store.get(namespace);
    // In a namespace that goes nothing is told any more.
    if (known === undefined || known.metadata.deletionTimestamp !== undefined) {
      times.forget(namespace);
      events.retain(namespace, new Set());
      return undefined;
    }
    const waitMs = times.waitMs(namespace);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const pods = watchedPods(deps.pods.store.byIndex('namespace', namespace), (name) => {
      const binding = deps.stores.serviceBindings.store.get(scoped(namespace, name));
      return binding && (binding.spec.secretName || binding.metadata.name);
    });
    const place = { namespace, labels: known.metadata.labels, own: deps.namespace };
    const againMs = tell(deps, events, pods, place);
    await writeBindings(deps, pods, place, signal);
    await writePresets(deps, pods, namespace, signal);
    return againMs === undefined ? undefined : { requeueAfterMs: againMs };
  };
}

async function writeBindings(
  { client, stores, clock }: FeedbackDeps,
  pods: readonly WatchedPod[],
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = place;
  const { store } = stores.serviceBindings;
  const bindingOf = (secret: string): string | undefined =>
    store.byIndex('secret', scoped(namespace, secret))[0]?.metadata.name;
  const statements = tellBindings(pods, bindingOf, place);
  const named = [...statements.keys()].flatMap((name) => store.get(scoped(namespace, name)) ?? []);
  const told = new Set([...named, ...store.byIndex('injected', namespace)]);
  await inParallel([...told].filter(isAtRest), concurrency, async (binding) => {
    const statement = statements.get(binding.metadata.name);
    const now = timestamp(clock.now());
    await writeInjected(client, serviceBindings, binding, statement, now, store, signal);
  });
}

async function writePresets(
  { client, presets: { store }, clock }: FeedbackDeps,
  pods: readonly WatchedPod[],
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const presets = store.byIndex('namespace', namespace);
  const names = new Set(presets.map(({ metadata }) => metadata.name));
  const statements: ReadonlyMap<string, InjectedStatement> =
    presets.length === 0 ? new Map() : tellPresets(pods, names);
  const told = presets.filter((preset) => statements.has(preset.metadata.name) || hasInjected(preset));
  await inParallel(told.filter(isSettled), concurrency, async (preset) => {
    const statement = statements.get(preset.metadata.name);
    const now = timestamp(clock.now());
    await writeInjected(client, podPresets, preset, statement, now, store, signal);
  });
}

/** What the preset says itself has been told. */
function isSettled({ metadata, status }: KeptPreset): boolean {
  return metadata.deletionTimestamp === undefined && status?.observedGeneration === metadata.generation;
}

/** @returns milliseconds until something is to be said again */
function tell(
  deps: FeedbackDeps,
  events: StandingEvents,
  pods: readonly WatchedPod[],
  place: Place,
): number | undefined {
  const said = new Set<string>();
  let onPods = 0;
  const pauses = tellWorkloads(pods, place).flatMap((telling) => {
    const target = targetOf(deps, place.namespace, telling);
    if (target.kind === podResource.kind) onPods += 1;
    if (target.kind === podResource.kind && onPods > maxTellingsOnPods) return [];
    const key = `${target.metadata.uid} ${telling.about}`;
    said.add(key);
    return events.stands(place.namespace, target, key, telling.standing) ?? [];
  });
  events.retain(place.namespace, said);
  return pauses.length === 0 ? undefined : Math.min(...pauses);
}

/** People look at their workload; where nobody knows it, at what made the Pod, or at the Pod. */
function targetOf({ workloads }: FeedbackDeps, namespace: string, { pod }: PodTelling): KubeObject {
  const { injection, controller, name, uid } = pod;
  const candidates = [injection.workload, ...(controller === undefined ? [] : [controller])];
  for (const candidate of candidates) {
    for (const { store } of workloads) {
      const found = store.get(scoped(namespace, candidate.name));
      if (found?.kind === candidate.kind) return found;
    }
  }
  return { apiVersion: 'v1', kind: podResource.kind, metadata: { namespace, name, uid } };
}
