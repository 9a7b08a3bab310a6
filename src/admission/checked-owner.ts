import { listOf, type RawMetadata } from '../injection/pod.ts';
import { makerOf } from '../model/scope.ts';
import type { AdmissionRequest } from './review.ts';

/** Where kube-controller-manager works without an account for each controller. */
const controllerManager = 'system:kube-controller-manager';
/** Accounts there can be made by administrators only; those of the controllers have these names in every cluster. */
const accountPrefix = 'system:serviceaccount:kube-system:';

/**
 * Whether the object was made from a workload that was checked when somebody wrote it: by the very controller of
 * Kubernetes that makes this kind from that one. An owner alone proves nothing, since whoever creates an object can name any
 * owner; nor does an account of kube-system, where add-ons live as well and act for people who were never asked.
 */
export function isMadeFromChecked({
  kind,
  operation,
  user,
  object,
}: Pick<AdmissionRequest, 'kind' | 'operation' | 'user' | 'object'>): boolean {
  if (operation !== 'CREATE') return false;
  const { username } = user;
  const metadata = object?.['metadata'] as RawMetadata | undefined;
  const maker = makerOf(kind, listOf(metadata?.ownerReferences));
  return (
    maker !== undefined && (username === controllerManager || username === accountPrefix + maker.controller)
  );
}
