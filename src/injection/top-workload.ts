import { workloadMarkAnnotation } from '../api/group.ts';
import { parseWorkloadRef, type WorkloadRef } from '../api/requested-identity.ts';
import { listOf, type RawMetadata, type RawOwnerReference } from './pod.ts';

/** To what a Pod, or a workload, belongs. */
export interface TopWorkload {
  readonly workload: WorkloadRef;
  /**
   * False where the name may be another one next time: it was generated, or somebody unknown to us makes the objects. What
   * is to be found again needs a name of its own then (`share.bind…`).
   */
  readonly isStable: boolean;
}

/** The hash of a template that controllers put on the ReplicaSets and Pods that they make of it. */
const hashLabels = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const;

/**
 * The stable top of the chain that ends with this object. It follows from the object alone: from its controller reference
 * and the hash label of Deployments and Rollouts, which stays when the owner is deleted with `--cascade=orphan`; for the
 * Pods of a CronJob's Job from a mark that the Job got at its creation.
 */
export function topWorkload(kind: string, metadata: RawMetadata | null | undefined): TopWorkload {
  const owner = listOf(metadata?.ownerReferences).find(({ controller }) => controller === true);
  const byHash = ofHash(kind, metadata, owner);
  if (byHash !== undefined) return { workload: byHash, isStable: true };
  if (owner !== undefined && kind === 'Pod') return ofPodOwner(owner, metadata);
  if (owner !== undefined && kind === 'Job' && isKind(owner, 'batch/v1', 'CronJob'))
    return { workload: { kind: 'CronJob', name: owner.name }, isStable: true };
  const name = (kind === 'Pod' ? ownName(metadata) : metadata?.name) ?? '';
  return { workload: { kind, name }, isStable: owner === undefined && !metadata?.generateName };
}

/** At admission a generated name is not known yet: what it begins with stands for it. */
function ownName(metadata: RawMetadata | null | undefined): string {
  return metadata?.generateName || (metadata?.name ?? '');
}

function ofPodOwner(owner: RawOwnerReference, metadata: RawMetadata | null | undefined): TopWorkload {
  const { kind, name } = owner;
  const isOurs = ['StatefulSet', 'DaemonSet', 'ReplicaSet'].some((one) => isKind(owner, 'apps/v1', one));
  if (isOurs) return { workload: { kind, name }, isStable: true };
  if (!isKind(owner, 'batch/v1', 'Job'))
    return { workload: { kind: 'Pod', name: ownName(metadata) }, isStable: false };
  const mark = parseWorkloadRef(metadata?.annotations?.[workloadMarkAnnotation] ?? '');
  return { workload: mark?.kind === 'CronJob' ? mark : { kind, name }, isStable: true };
}

/** The owner may be gone, the names it gave are not: `<name>-<hash>` is a ReplicaSet, `<name>-<hash>-<random>` its Pod. */
function ofHash(
  kind: string,
  metadata: RawMetadata | null | undefined,
  owner: RawOwnerReference | undefined,
): WorkloadRef | undefined {
  if (kind !== 'Pod' && kind !== 'ReplicaSet') return undefined;
  const isOfSet = kind === 'Pod' && owner?.kind === 'ReplicaSet';
  const set = isOfSet ? owner.name : kind === 'ReplicaSet' ? metadata?.name : undefined;
  for (const [label, topKind] of hashLabels) {
    const hash = metadata?.labels?.[label];
    const name = hash ? nameBefore(hash, set, metadata) : undefined;
    if (name !== undefined) return { kind: topKind, name };
  }
  return undefined;
}

/** @param set name of the ReplicaSet; undefined for a Pod that has none any more */
function nameBefore(
  hash: string,
  set: string | null | undefined,
  metadata: RawMetadata | null | undefined,
): string | undefined {
  if (set) return withoutEnd(set, `-${hash}`);
  const start = metadata?.generateName || (metadata?.name ?? '').replace(/[^-]+$/, '');
  return withoutEnd(start, `-${hash}-`);
}

function withoutEnd(text: string, end: string): string | undefined {
  return text.endsWith(end) && text.length > end.length ? text.slice(0, -end.length) : undefined;
}

function isKind(owner: RawOwnerReference, apiVersion: string, kind: string): boolean {
  return owner.kind === kind && owner.apiVersion === apiVersion;
}
