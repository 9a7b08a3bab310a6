import type { KubeObject } from '../../kube/objects.ts';
import type { KeptPod } from '../pod.ts';

/** What of a Job decides whether it survives that a Pod of it is deleted. */
export interface RawJob extends KubeObject {
  readonly spec?: {
    readonly backoffLimit?: number | null;
    readonly backoffLimitPerIndex?: number | null;
    readonly podFailurePolicy?: unknown;
  };
  readonly status?: {
    readonly failed?: number | null;
    readonly uncountedTerminatedPods?: { readonly failed?: readonly string[] | null } | null;
  };
}

/** Those that make a Pod anew in the place of one that was deleted before it started, and count nothing. */
const makesAnew: readonly string[] = [
  'apps/v1 ReplicaSet',
  'apps/v1 StatefulSet',
  'apps/v1 DaemonSet',
  'v1 ReplicationController',
];

/** How many failed Pods a Job may have where it does not say: the API server writes it. */
const usualBackoffLimit = 6;

/** Why nobody but a person may replace it, as the end of a sentence; undefined when it may be. A Job has its say apart. */
export function reasonToLeave({ controller, hasStarted }: KeptPod): string | undefined {
  if (controller === undefined) return 'nobody makes it anew';
  if (hasStarted) return 'some container of it has run already';
  if (isOfJob(controller) || makesAnew.includes(`${controller.apiVersion} ${controller.kind}`))
    return undefined;
  return `what ${controller.kind} "${controller.name}" does when a Pod of it is deleted is not known here`;
}

export function isOfJob({ apiVersion, kind }: NonNullable<KeptPod['controller']>): boolean {
  return apiVersion === 'batch/v1' && kind === 'Job';
}

/**
 * A Job counts each Pod that is deleted before it ended as one that failed, and fails itself when there are more than
 * `backoffLimit` (Kubernetes: Pod backoff failure policy). Rules for single failures, or for each index, may end it sooner.
 * @param pods of the Job that wait in vain, or are going and may not be counted yet
 */
export function reasonToLeaveOfJob({ metadata, spec, status }: RawJob, pods: number): string | undefined {
  const why = (what: string): string => `Job "${metadata.name}" would count it as failed${what}`;
  if (spec?.podFailurePolicy || typeof spec?.backoffLimitPerIndex === 'number') {
    return why(', and has rules of its own for that');
  }
  const { backoffLimit } = spec ?? {};
  return failedOf(status) + pods <= (backoffLimit ?? usualBackoffLimit)
    ? undefined
    : why(', and fail itself');
}

function failedOf(status: RawJob['status']): number {
  return (status?.failed ?? 0) + (status?.uncountedTerminatedPods?.failed?.length ?? 0);
}
