import type { Resource } from '../kube/resources.ts';
import { cronJobs, daemonSets, deployments, jobs, statefulSets } from '../kube/resources.ts';
import { compact } from '../base/compact.ts';
import type { KubeObject } from '../kube/objects.ts';

/** The kinds whose annotations are read. ReplicaSets and Pods are made from these. */
export const workloadKinds: readonly Resource[] = [deployments, statefulSets, daemonSets, jobs, cronJobs];

/** A workload as it is kept: its name, and the annotations that matter. */
export interface Workload extends KubeObject {
  /** Wherever they stand: what they ask for is kept. */
  readonly bindingAnnotations: Readonly<Record<string, string>>;
  /**
   * Those of its Pod template, to which the webhook copies all others: what they ask for may be made. What stands beside
   * the template alone, such as on a Job after its creation, has no effect, and nobody was asked for the right to it.
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
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/**
 * Keeps what this program looks at; nearly nothing of a workload that does not ask. What stands on the template wins
 * over the workload's own annotation, as it does when the webhook copies one to the other.
 */
export function trimWorkload(raw: RawWorkload): Workload {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, ownerReferences } = raw.metadata;
  // A Job of a CronJob is asked for by the CronJob.
  const isOwned = ownerReferences?.some(({ controller }) => controller === true) === true;
  const isGone = isOwned || deletionTimestamp !== undefined;
  const template = raw.spec?.template ?? raw.spec?.jobTemplate?.spec?.template;
  const templateAnnotations = isGone ? {} : ofBindings(template?.metadata?.annotations);
  return {
    metadata: compact({ name, namespace, uid, resourceVersion }),
    bindingAnnotations: isGone ? {} : { ...ofBindings(raw.metadata.annotations), ...templateAnnotations },
    templateAnnotations,
  };
}

function ofBindings(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const ours = Object.entries(annotations).filter(([key]) => key.includes('bind.servicecatalog.k8s.io/'));
  return Object.fromEntries(ours);
}
