import { listOf, type RawMetadata } from '../injection/pod.ts';
import { controllerUsers, makerOf } from '../model/scope.ts';
import type { AdmissionRequest } from './review.ts';

type Written = Pick<AdmissionRequest, 'kind' | 'operation' | 'user' | 'object'>;

/**
 * Whether the object was made from a workload that was checked when somebody wrote it: by the very controller of
 * Kubernetes that makes this kind from that one. An owner alone proves nothing, since whoever creates an object can name any
 * owner; nor does an account of kube-system, where add-ons live as well and act for people who were never asked.
 */
export function isMadeFromChecked(request: Written): boolean {
  return request.operation === 'CREATE' && isByMaker(request);
}

/**
 * Whether the Deployment controller brings annotations of a Deployment to its ReplicaSet, as it does at every change: what
 * they ask for was checked on the Deployment, and the ReplicaSet claims nothing by it.
 */
export function isCopiedFromChecked(request: Written): boolean {
  return request.kind === 'ReplicaSet' && isByMaker(request);
}

function isByMaker({ kind, user, object }: Written): boolean {
  const metadata = object?.['metadata'] as RawMetadata | undefined;
  const maker = makerOf(kind, listOf(metadata?.ownerReferences));
  return maker !== undefined && controllerUsers(maker).includes(user.username ?? '');
}
