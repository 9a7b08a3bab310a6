import { compact } from '../base/compact.ts';
import type { WorkloadRef } from '../api/requested-identity.ts';
import { hasRequestedName } from '../api/requested-identity.ts';
import { idsAnnotation, requestedByAnnotation } from '../api/group.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import { listOf, type RawMetadata, type RawPodSpec } from '../injection/pod.ts';
import { topWorkload } from '../injection/top-workload.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { cronJobs, daemonSets, deployments, jobs, replicaSets, statefulSets } from '../kube/resources.ts';
import { makerOf, optOutOf, vocabularyMark, workloadsInScope } from '../model/scope.ts';
import { refusedView, type PodCounts, type RefusedView } from './refused/refused-view.ts';
import { restartView, type RestartView } from './restarts/restart-view.ts';
import { recordedIds, type RecordedIds } from './recorded-ids.ts';
import { secretNames } from './secret-names.ts';
import { noWishes, wishesOf, type Traces, type Wish, type Wishes } from './wishes.ts';

const kinds: readonly Resource[] = [deployments, statefulSets, daemonSets, replicaSets, jobs, cronJobs];

/** The kinds whose annotations are read. */
export const workloadKinds: readonly Resource[] = workloadsInScope.map(({ kind }) => {
  const resource = kinds.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new Error(`${kind} is in scope and nobody can list it`);
  return resource;
});

/** A workload as it is kept: its kind and name, and what it asks for. */
export interface Workload extends KubeObject {
  /** Says something in our words, be it understood or not, or names what was requested. */
  readonly isAsking: boolean;
  /** To what its wishes belong: itself, or what it was made from. */
  readonly top: WorkloadRef;
  /** Every trace, wherever it stands: what may be meant is kept. */
  readonly kept: Traces;
  /**
   * What stands on its Pod template, to which the webhook copies all else: it may be made. What stands beside the template
   * alone, such as on a Job after its creation, has no effect, and nobody was asked for the right to it. None when its
   * Pods have opted out: they would get nothing. What was made from another workload asks for nothing of its own; where the
   * name may be another one next time, what is to be found again says whose it is (`share.bind…`).
   */
  readonly admitted: Wishes;
  /** Who asked last, as the webhook wrote it: a user name. Without one nothing is made. */
  readonly requestedBy: string | undefined;
  /** What is on record of its services: see `making/ids-on-record.ts`. */
  readonly ids?: RecordedIds;
  /** What is to be rolled out when a Secret changes. */
  readonly restarts?: RestartView;
  /** What is to be made once credentials are there. */
  readonly refused?: RefusedView;
  /** Of one that is being deleted: what it said last. It keeps nothing. */
  readonly lastWishes?: readonly Wish[];
}

/** A workload as the API server gives it. What has been trimmed is none, and can not be trimmed again. */
export interface RawWorkload extends KubeObject {
  readonly kept?: never;
  readonly admitted?: never;
  readonly spec?: {
    readonly paused?: boolean;
    readonly replicas?: number | null;
    readonly template?: PodTemplate;
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
  };
  readonly status?: PodCounts['status'];
}

interface PodTemplate {
  readonly metadata?: RawMetadata;
  readonly spec?: RawPodSpec;
}

/**
 * Keeps what this program looks at; nearly nothing of a workload that does not ask. Its annotations are read here, once for
 * each version of it: that may take milliseconds, and there may be thousands of it in a namespace. What stands on the template
 * wins over the workload's own annotation, as it does when the webhook copies one to the other.
 * @param kind of the workload
 */
export function trimWorkload(kind: string, raw: RawWorkload): Workload {
  const standing = standingOf(kind, raw);
  const { top } = standing;
  const silent = { isAsking: false, top, kept: noWishes, admitted: noWishes };
  if (isOver(kind, raw, standing)) return workloadOf(kind, raw, silent);
  const template = templateOf(raw);
  const ofTemplate = inOurWords(template?.metadata?.annotations);
  const all = { ...inOurWords(raw.metadata.annotations), ...ofTemplate };
  const traces = (annotations: Readonly<Record<string, string>>): Traces =>
    wishesOf(annotations, raw.metadata.namespace ?? '', top);
  if (isGoing(raw)) return workloadOf(kind, raw, { ...silent, lastWishes: traces(all).list });
  const kept = withNames(traces(all), template?.spec);
  const isAllOnTemplate = Object.keys(all).length === Object.keys(ofTemplate).length;
  const mayAsk = isTop(kind, raw, standing) && optOutOf(template?.metadata, undefined) === undefined;
  return workloadOf(kind, raw, {
    isAsking: Object.keys(all).length > 0 || kept.named.length > 0,
    top,
    kept,
    admitted: mayAsk ? askedBy(isAllOnTemplate ? kept : traces(ofTemplate), standing) : noWishes,
    ...(mayAsk ? ofBindings(kind, raw, ofTemplate, top) : {}),
  });
}

/** What is done for it when its bindings change. */
function ofBindings(
  kind: string,
  raw: RawWorkload,
  annotations: Readonly<Record<string, string>>,
  workload: WorkloadRef,
): Pick<Workload, 'restarts' | 'refused'> {
  const { metadata, spec } = raw;
  const { requests } = parseAnnotations(annotations);
  const owner = { namespace: metadata.namespace ?? '', workload };
  return compact({
    restarts: restartView(kind, requests, owner, metadata, templateOf(raw)?.metadata, spec),
    refused: refusedView(kind, requests, owner, raw),
  });
}

/**
 * A Pod as a workload of its own, whether it is going or not. Undefined for one that asks for nothing, or that was made from a
 * workload which asks itself.
 */
export function podAsWorkload(raw: KubeObject): Workload | undefined {
  const kind = 'Pod';
  const annotations = inOurWords(raw.metadata.annotations);
  if (Object.keys(annotations).length === 0) return undefined;
  const standing = standingOf(kind, raw);
  const { top } = standing;
  if (standing.isMade || top.kind !== kind || isLeftBehind(raw)) return undefined;
  const kept = wishesOf(annotations, raw.metadata.namespace ?? '', top);
  const isOptedOut = optOutOf(raw.metadata, undefined) !== undefined;
  return workloadOf(kind, raw, {
    isAsking: true,
    top,
    kept,
    admitted: isOptedOut ? noWishes : askedBy(kept, standing),
  });
}

/**
 * A Pod that a controller has made, as a workload that asks for the logins which its workload asked for when it was made. Undefined
 * for one that asks for none, or that asks for itself.
 */
export function madePodAsWorkload(raw: KubeObject): Workload | undefined {
  const kind = 'Pod';
  const annotations = inOurWords(raw.metadata.annotations);
  if (Object.keys(annotations).length === 0 || optOutOf(raw.metadata, undefined) !== undefined)
    return undefined;
  const standing = standingOf(kind, raw);
  const { top, isMade, isStable } = standing;
  if (!isStable || (!isMade && top.kind === kind && !isLeftBehind(raw))) return undefined;
  const admitted = wishesOf(annotations, raw.metadata.namespace ?? '', top);
  if (admitted.list.length === 0) return undefined;
  return workloadOf(kind, raw, { isAsking: true, top, kept: noWishes, admitted });
}

/** On Pods that a controller made, whether it is still there or not (`--cascade=orphan`). */
const labelsOfMade = ['controller-revision-hash', 'batch.kubernetes.io/job-name', 'job-name'];

/** The next workload of its name takes it up again: it asks for nothing meanwhile. */
function isLeftBehind({ metadata: { labels = {} } }: KubeObject): boolean {
  return labelsOfMade.some((label) => Object.hasOwn(labels, label));
}

function workloadOf(
  kind: string,
  { apiVersion, metadata }: KubeObject,
  asks: Pick<Workload, 'isAsking' | 'top' | 'kept' | 'admitted' | 'restarts' | 'refused' | 'lastWishes'>,
): Workload {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...compact({ apiVersion }),
    kind,
    metadata: compact({ name, namespace, uid, resourceVersion }),
    requestedBy: metadata.annotations?.[requestedByAnnotation] || undefined,
    ...compact({ ids: recordedIds(metadata.annotations?.[idsAnnotation], asks.admitted) }),
    ...asks,
  };
}

interface Standing {
  readonly top: WorkloadRef;
  /** From a workload that asks itself. */
  readonly isMade: boolean;
  readonly isStable: boolean;
}

function standingOf(kind: string, raw: KubeObject | RawWorkload): Standing {
  const { metadata } = raw;
  const template = kind === 'Job' ? templateOf(raw)?.metadata : undefined;
  const { workload, isStable } = topWorkload(kind, metadata, template);
  return { top: workload, isStable, isMade: makerOf(kind, metadata.ownerReferences) !== undefined };
}

/**
 * Has no say. For a Job of a CronJob that has ended, and for a revision of a Deployment without Pods to make, others speak. A
 * suspended Job makes its Pods later.
 */
function isOver(kind: string, raw: RawWorkload, standing: Standing): boolean {
  if (kind === 'Job') return isRevision(kind, standing) && hasEnded(raw);
  return isIdleRevision(kind, raw, standing) && standing.top.kind !== 'Rollout';
}

/**
 * A ReplicaSet that was made of something else, without Pods to make. A Rollout speaks through its ReplicaSets alone, scaled to
 * nothing or not: each of them keeps, and those that have Pods say what is made.
 */
function isIdleRevision(kind: string, { spec }: RawWorkload, standing: Standing): boolean {
  return kind === 'ReplicaSet' && isRevision(kind, standing) && spec?.replicas === 0;
}

function isRevision(kind: string, { isMade, top }: Standing): boolean {
  return isMade || top.kind !== kind;
}

function hasEnded({ status }: RawWorkload): boolean {
  return listOf(status?.conditions).some(
    ({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/**
 * Made from a workload that speaks itself: it keeps what it names, and what becomes of that later is not for it to say. A
 * Rollout speaks through its ReplicaSets.
 */
export function isOfAnother({ kind, top }: Pick<Workload, 'kind' | 'top'>): boolean {
  return kind !== top.kind && top.kind !== 'Rollout';
}

/** What is being deleted keeps nothing; its Pods do as long as they are there. */
export function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** A ReplicaSet that a Deployment left behind asks for nothing: the next Deployment of that name does. */
function isTop(kind: string, raw: RawWorkload, standing: Standing): boolean {
  const { isMade, top } = standing;
  return !isMade && (top.kind === kind || (top.kind === 'Rollout' && !isIdleRevision(kind, raw, standing)));
}

function askedBy(wishes: Wishes, { isStable }: Standing): Wishes {
  return isStable || wishes.list.every(({ isShared }) => isShared)
    ? wishes
    : { ...wishes, list: wishes.list.filter(({ isShared }) => isShared) };
}

function withNames(traces: Traces, spec: RawPodSpec | undefined): Traces {
  const inSpec = secretNames(spec).filter(hasRequestedName);
  return inSpec.length === 0 ? traces : { ...traces, named: [...new Set([...traces.named, ...inSpec])] };
}

function templateOf({ spec }: RawWorkload): PodTemplate | undefined {
  return spec?.template ?? spec?.jobTemplate?.spec?.template;
}

function inOurWords(annotations: RawMetadata['annotations']): Readonly<Record<string, string>> {
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.includes(vocabularyMark));
  return Object.fromEntries(ours);
}
