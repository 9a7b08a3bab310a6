import type { RawMetadata, RawOwnerReference } from '../injection/pod.ts';
import { controllerOf, hashLabels } from '../injection/top-workload.ts';
import { movableKinds, ownerKeepers } from '../model/scope.ts';
import type { AdmissionRequest } from './review.ts';

type Written = Pick<AdmissionRequest, 'kind' | 'user' | 'object' | 'oldObject'>;

/**
 * Whether a change makes the object one of another workload, as who takes the owner and the hash label from a ReplicaSet makes
 * it one of its own: what it asks for is asked for anew, by who moves it. What the controllers of Kubernetes adopt, let go or
 * orphan keeps its hash labels, and so asks for nothing else than before.
 */
export function isMoved({ kind, user, object, oldObject }: Written): boolean {
  if (oldObject === undefined || !movableKinds.includes(kind)) return false;
  const now = object?.['metadata'] as RawMetadata | undefined;
  const before = oldObject['metadata'] as RawMetadata | undefined;
  if (hashLabels.some(([label]) => now?.labels?.[label] !== before?.labels?.[label])) return true;
  return (
    ownerText(controllerOf(now)) !== ownerText(controllerOf(before)) &&
    !ownerKeepers.includes(user.username ?? '')
  );
}

function ownerText(owner: RawOwnerReference | undefined): string {
  return owner === undefined ? '' : `${owner.apiVersion} ${owner.kind} ${owner.name}`;
}
