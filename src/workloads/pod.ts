import { injectedAnnotation } from '../api/group.ts';
import { hasRequestedName } from '../api/requested-identity.ts';
import { SharedValues } from '../base/shared-values.ts';
import { scoped } from '../model/stores.ts';
import { vocabularyMark } from '../model/scope.ts';
import type { KubeObject } from '../kube/objects.ts';
import { listOf, type RawPodSpec } from '../injection/pod.ts';
import { injectionView, type InjectionView } from './feedback/injection-view.ts';
import { gateView, type GateView } from './gates/gate-view.ts';
import { secretNames } from './secret-names.ts';
import { isGoing, madePodAsWorkload, podAsWorkload, type Workload } from './workload.ts';
import { awaitedBindings, type AwaitedBinding } from './stranded/awaited-binding.ts';
import { namesOf, type Wish } from './wishes.ts';

/** A Pod as the API server gives it. What has been trimmed is none, and can not be trimmed again. */
export interface RawPod extends KubeObject {
  readonly needs?: never;
  readonly spec?: RawPodSpec & {
    readonly schedulingGates?: readonly { readonly name: string }[] | null | undefined;
  };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[] | null | undefined;
    readonly initContainerStatuses?: readonly ContainerStatus[] | null | undefined;
  };
}

interface ContainerStatus {
  readonly started?: boolean | null;
  readonly restartCount?: number;
  readonly state?: {
    readonly running?: unknown;
    readonly terminated?: unknown;
    readonly waiting?: { readonly reason?: string; readonly message?: string } | null;
  } | null;
}

/** A Pod as it is kept: names only, and nearly nothing of one that needs nothing of ours. */
export interface KeptPod extends KubeObject {
  /**
   * Names of Secrets that it names, in volumes and variables of any container, and of what its annotations mean if it was not
   * injected: all of a Pod that was injected or is held, else those that have the form of requested names. Kept when it has
   * finished, too.
   */
  readonly needs: readonly string[];
  /** It will never run again: nothing is kept for it. */
  readonly isFinished: boolean;
  readonly isGoing: boolean;
  /** What our scheduling gate holds it for; undefined when it is not held. */
  readonly gate: GateView | undefined;
  /** Of one that waits to start, and is not going: the bindings whose Secrets it was given. */
  readonly awaits: readonly AwaitedBinding[];
  /** Some container of it has run: its environment and volumes were there. */
  readonly hasStarted: boolean;
  /** What made it. */
  readonly controller: PodController | undefined;
  /** What it asks for as a workload of its own. */
  readonly asks: Workload | undefined;
  /** Of one that a controller made, until a container of it has run: the logins that it may wait for. */
  readonly waits: Workload | undefined;
  /** Of one that has ended, or is being deleted: what it asked for. */
  readonly lastWishes: readonly Wish[] | undefined;
  /** What it asked for and what it has, of one that has not ended and stays: shared by Pods that are alike. */
  readonly injection: InjectionView | undefined;
  /** When it was made, seconds since 1970; 0 for one without `injection`. */
  readonly madeAtSeconds: number;
}

export interface PodController {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

const nothing: readonly string[] = [];
const nobody: readonly AwaitedBinding[] = [];
const maxNeeds = 256;

export function trimPod(raw: RawPod): KeptPod {
  const { name, namespace = '', uid, resourceVersion } = raw.metadata;
  const isFinished = raw.status?.phase === 'Succeeded' || raw.status?.phase === 'Failed';
  const gate = gateView(raw.metadata, raw.spec);
  const isGated = gate !== undefined;
  const { asks, lastWishes } = ownWishes(raw, isFinished);
  const needs = needsOf(raw, namespace, isGated);
  const view = viewOf(raw, isFinished);
  const isOurs = needs.length > 0 || isGated || asks !== undefined || view.injection !== undefined;
  const hasRun = isOurs && hasStarted(raw);
  return {
    metadata: { name, namespace: shared(namespace), ...idOf(uid, resourceVersion) },
    needs,
    isFinished,
    isGoing: isGoing(raw),
    gate,
    awaits: awaitsOf(raw),
    hasStarted: hasRun,
    controller: isOurs ? controllerOf(raw) : undefined,
    asks,
    waits: isFinished || hasRun ? undefined : waitingFor(raw, needs),
    lastWishes,
    ...view,
  };
}

function viewOf(raw: RawPod, isFinished: boolean): Pick<KeptPod, 'injection' | 'madeAtSeconds'> {
  const view = isFinished || isGoing(raw) ? undefined : injectionView(raw);
  return view === undefined
    ? { injection: undefined, madeAtSeconds: 0 }
    : {
        injection: views.once(JSON.stringify(view), view),
        madeAtSeconds: secondsOf(raw.metadata.creationTimestamp),
      };
}

function secondsOf(time: string | undefined): number {
  return Math.floor((Date.parse(time ?? '') || 0) / 1000);
}

/** Its phase is `Pending` as long as a container waits that has never run. */
function awaitsOf(raw: RawPod): readonly AwaitedBinding[] {
  const isPending = (raw.status?.phase ?? 'Pending') === 'Pending' && !isGoing(raw);
  return isPending ? awaitedBindings(raw.metadata.annotations) : nobody;
}

function ownWishes(raw: RawPod, isFinished: boolean): Pick<KeptPod, 'asks' | 'lastWishes'> {
  const own = podAsWorkload(raw);
  return isFinished || isGoing(raw)
    ? { asks: undefined, lastWishes: own?.kept.list }
    : { asks: own, lastWishes: undefined };
}

function waitingFor(raw: RawPod, needs: readonly string[]): Workload | undefined {
  return isGoing(raw) || !needs.some(hasRequestedName) ? undefined : madePodAsWorkload(raw);
}

function idOf(
  uid: string | undefined,
  resourceVersion: string | undefined,
): Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'> {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function needsOf(raw: RawPod, namespace: string, isGated: boolean): readonly string[] {
  const { annotations = {} } = raw.metadata;
  const isInjected = Object.hasOwn(annotations, injectedAnnotation);
  const inSpec = secretNames(raw.spec).filter((name) => isInjected || isGated || hasRequestedName(name));
  // What was injected stands in the spec.
  const isAsking = !isInjected && Object.keys(annotations).some((key) => key.includes(vocabularyMark));
  const names = isAsking ? [...inSpec, ...namesOf(raw.metadata, namespace)] : inSpec;
  return names.length === 0 ? nothing : sharedList(bounded([...new Set(names)]));
}

/** A Pod has 32 bindings at most, and may name thousands of Secrets. Those that are made for workloads come first. */
function bounded(names: readonly string[]): readonly string[] {
  if (names.length <= maxNeeds) return names;
  const made = names.filter(hasRequestedName);
  const others = names.filter((name) => !hasRequestedName(name));
  return [...made, ...others].slice(0, maxNeeds);
}

function hasStarted({ status }: RawPod): boolean {
  const statuses = [...listOf(status?.containerStatuses), ...listOf(status?.initContainerStatuses)];
  return statuses.some(
    ({ started, restartCount = 0, state }) =>
      started === true || restartCount > 0 || Boolean(state?.running) || Boolean(state?.terminated),
  );
}

/** The Pods of a workload name the same things: each word, and each list, is kept once. */
const words = new SharedValues<string>();
const lists = new SharedValues<readonly string[]>();
const views = new SharedValues<InjectionView>();

function shared(word: string): string {
  return words.once(word, word);
}

function sharedList(list: readonly string[]): readonly string[] {
  return lists.once(list.join(' '), list);
}

function controllerOf({ metadata }: RawPod): KeptPod['controller'] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion: shared(apiVersion), kind: shared(kind), name: shared(name), uid: shared(uid) };
}

/** Pods that are waited for, that keep something, or of which something is told, by their namespace. */
export function namespaceOfNeedy({ metadata, needs, asks, gate, injection }: KeptPod): readonly string[] {
  const isOurs = needs.length > 0 || gate !== undefined || asks !== undefined || injection !== undefined;
  return isOurs ? [metadata.namespace ?? ''] : nothing;
}

/** Index by what a Pod needs: `namespace/name` of Secrets. */
export function needsIn({ metadata, needs }: KeptPod): readonly string[] {
  return needs.length === 0 ? nothing : needs.map((name) => scoped(metadata.namespace, name));
}

/** Index by the ServiceBindings that a Pod waits for: `namespace/name`. */
export function awaitingIn({ metadata, awaits }: KeptPod): readonly string[] {
  return awaits.length === 0 ? nothing : awaits.map(({ binding }) => scoped(metadata.namespace, binding));
}
