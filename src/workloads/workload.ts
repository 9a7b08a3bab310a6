import { requestedByAnnotation } from '../api/group.ts';
import type { Resource } from '../kube/resources.ts';
import { cronJobs, daemonSets, deployments, jobs, statefulSets } from '../kube/resources.ts';
import type { WorkloadRef } from '../api/requested-identity.ts';
import { parseAnnotations } from '../injection/annotations.ts';
import type { RawMetadata } from '../injection/pod.ts';
import { topWorkload } from '../injection/top-workload.ts';
import { makerOf, optOutOf, vocabularyMark, workloadsInScope } from '../model/scope.ts';
import { restartView, type RestartView } from './restart-view.ts';
import { noWishes, wishesOf, type Wishes } from './wishes.ts';
import { compact } from '../base/compact.ts';
import type { KubeObject } from '../kube/objects.ts';

const kinds: readonly Resource[] = [deployments, statefulSets, daemonSets, jobs, cronJobs];

/** The kinds whose annotations are read. ReplicaSets and Pods are made from these. */
export const workloadKinds: readonly Resource[] = workloadsInScope
  .filter(({ asks }) => asks)
  .map(({ kind }) => {
    const resource = kinds.find((candidate) => candidate.kind === kind);
    if (resource === undefined) throw new Error(`${kind} is in scope and nobody can list it`);
    return resource;
  });

/** A workload as it is kept: its kind and name, and what it asks for. */
export interface Workload extends KubeObject {
  /** Says something in our words, be it understood or not. */
  readonly isAsking: boolean;
  /** Wherever it stands: what is asked for is kept. */
  readonly kept: Wishes;
  /**
   * What stands on its Pod template, to which the webhook copies all else: it may be made. What stands beside the template
   * alone, such as on a Job after its creation, has no effect, and nobody was asked for the right to it. None when its
   * Pods have opted out: they would get nothing.
   */
  readonly admitted: Wishes;
  /** What is to be rolled out when a Secret changes. */
  readonly restarts?: RestartView;
  /** Who asked last, as the webhook wrote it: a user name. Without one nothing is made. */
  readonly requestedBy: string | undefined;
}

/** A workload as the API server gives it. What has been trimmed is none, and can not be trimmed again. */
export interface RawWorkload extends KubeObject {
  readonly kept?: never;
  readonly admitted?: never;
  readonly spec?: {
    readonly paused?: boolean;
    readonly template?: PodTemplate;
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
  };
}

interface PodTemplate {
  readonly metadata?: RawMetadata;
}

/**
 * Keeps what this program looks at; nearly nothing of a workload that does not ask. Its annotations are read here, once for
 * each version of it: that may take milliseconds, and there may be thousands of it in a namespace. What stands on the template
 * wins over the workload's own annotation, as it does when the webhook copies one to the other.
 * @param kind of the workload: in a list it does not say so itself
 */
export function trimWorkload(kind: string, raw: RawWorkload): Workload {
  const { apiVersion, metadata } = raw;
  const { name, namespace, uid, resourceVersion, deletionTimestamp, ownerReferences } = metadata;
  // A Job of a CronJob is asked for by the CronJob.
  const isGone = makerOf(kind, ownerReferences) !== undefined || deletionTimestamp !== undefined;
  const template = templateMetadata(raw);
  const ofTemplate = isGone ? {} : inOurWords(template?.annotations);
  const all = isGone ? {} : { ...inOurWords(metadata.annotations), ...ofTemplate };
  const { workload } = topWorkload(kind, metadata);
  const wishes = (annotations: Readonly<Record<string, string>>): Wishes =>
    wishesOf(annotations, namespace ?? '', workload);
  const kept = wishes(all);
  const isOptedOut = optOutOf(template, undefined) !== undefined;
  const isAllOnTemplate = Object.keys(all).length === Object.keys(ofTemplate).length;
  return {
    ...compact({ apiVersion, kind: raw.kind }),
    metadata: compact({ name, namespace, uid, resourceVersion }),
    ...compact({ restarts: isGone || isOptedOut ? undefined : restartsOf(kind, raw, ofTemplate, workload) }),
    isAsking: Object.keys(all).length > 0,
    kept,
    admitted: isOptedOut ? noWishes : isAllOnTemplate ? kept : wishes(ofTemplate),
    requestedBy: metadata.annotations?.[requestedByAnnotation] || undefined,
  };
}

function restartsOf(
  kind: string,
  raw: RawWorkload,
  annotations: Readonly<Record<string, string>>,
  workload: WorkloadRef,
): RestartView | undefined {
  const { metadata, spec } = raw;
  const { requests } = parseAnnotations(annotations);
  const owner = { namespace: metadata.namespace ?? '', workload };
  return restartView(kind, requests, owner, metadata, templateMetadata(raw), spec);
}

function templateMetadata({ spec }: RawWorkload): RawMetadata | undefined {
  return (spec?.template ?? spec?.jobTemplate?.spec?.template)?.metadata;
}

function inOurWords(annotations: RawMetadata['annotations']): Readonly<Record<string, string>> {
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.includes(vocabularyMark));
  return Object.fromEntries(ours);
}
