import { requestNames, type RequestOwner } from '../../injection/binding.ts';
import { listOf } from '../../injection/pod.ts';
import type { BindingRequest } from '../../injection/request.ts';

/** What `wait.bind…: deny` on a workload is about. */
export interface RefusedView {
  /** The ServiceBindings without whose credentials its Pods are refused. */
  readonly bindings: readonly string[];
  /** It has fewer Pods than it wants. */
  readonly lacksPods: boolean;
}

/** What of spec and status tells that Pods are missing. */
export interface PodCounts {
  readonly spec?: { readonly replicas?: number | null } | undefined;
  readonly status?: Status | undefined;
}

interface Status {
  readonly replicas?: number | null;
  readonly desiredNumberScheduled?: number | null;
  readonly currentNumberScheduled?: number | null;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
}

/** Kinds whose controllers try again at once when anything of the workload changes. */
const lacksPods: Readonly<Record<string, (counts: PodCounts) => boolean>> = {
  // While old Pods are there, the number of all says nothing: its ReplicaSet says that Pods are refused.
  Deployment: ({ status }) =>
    listOf(status?.conditions).some(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True'),
  StatefulSet: ({ spec, status }) => (status?.replicas ?? 0) < (spec?.replicas ?? 1),
  DaemonSet: ({ status }) => (status?.currentNumberScheduled ?? 0) < (status?.desiredNumberScheduled ?? 0),
};

/** Undefined where no Pod is ever refused, or nobody here can help. */
export function refusedView(
  kind: string,
  requests: readonly BindingRequest[],
  owner: RequestOwner,
  counts: PodCounts,
): RefusedView | undefined {
  const isLacking = lacksPods[kind];
  if (isLacking === undefined) return undefined;
  const bindings = requests.flatMap((request) => {
    if (request.wait !== 'deny') return [];
    return requestNames(request, owner, () => undefined).binding ?? [];
  });
  return bindings.length === 0 ? undefined : { bindings, lacksPods: isLacking(counts) };
}
