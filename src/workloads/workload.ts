import type { Resource } from '../kube/resources.ts';
import { cronJobs, daemonSets, deployments, jobs, statefulSets } from '../kube/resources.ts';
import { optOutOf } from '../model/scope.ts';
import type { RawMetadata } from '../injection/pod.ts';
import { vocabularyMark, workloadsInScope } from '../model/scope.ts';
import { isControlled } from '../injection/workload.ts';
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

/** A workload as it is kept: its kind and name, and the annotations that matter. */
export interface Workload extends KubeObject {
  /** Wherever they stand: what they ask for is kept. */
  readonly bindingAnnotations: Readonly<Record<string, string>>;
  /**
   * Those of its Pod template, to which the webhook copies all others: what they ask for may be made. What stands beside
   * the template alone, such as on a Job after its creation, has no effect, and nobody was asked for the right to it.
   * None when its Pods have opted out: they would get nothing.
   */
  readonly templateAnnotations: Readonly<Record<string, string>>;
}

/** A workload as the API server gives it. What has been trimmed is none, and can not be trimmed again. */
export interface RawWorkload extends KubeObject {
  readonly bindingAnnotations?: never;
  readonly templateAnnotations?: never;
  readonly spec?: {
    readonly template?: PodTemplate;
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
  };
}

interface PodTemplate {
  readonly metadata?: RawMetadata;
}

/**
 * Keeps what this program looks at; nearly nothing of a workload that does not ask. What stands on the template wins
 * over the workload's own annotation, as it does when the webhook copies one to the other.
 */
export function trimWorkload(raw: RawWorkload): Workload {
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = raw.metadata;
  // A Job of a CronJob is asked for by the CronJob.
  const isGone = isControlled(raw) || deletionTimestamp !== undefined;
  const template = templateMetadata(raw);
  const ofTemplate = isGone ? {} : ofBindings(template?.annotations);
  const isOptedOut = optOutOf(template, undefined) !== undefined;
  return {
    ...compact({ apiVersion: raw.apiVersion, kind: raw.kind }),
    metadata: compact({ name, namespace, uid, resourceVersion }),
    bindingAnnotations: isGone ? {} : { ...ofBindings(raw.metadata.annotations), ...ofTemplate },
    templateAnnotations: isOptedOut ? {} : ofTemplate,
  };
}

function templateMetadata({ spec }: RawWorkload): RawMetadata | undefined {
  return (spec?.template ?? spec?.jobTemplate?.spec?.template)?.metadata;
}

function ofBindings(annotations: RawMetadata['annotations']): Readonly<Record<string, string>> {
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.includes(vocabularyMark));
  return Object.fromEntries(ours);
}
