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
export const hashLabels = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const;

/**
 * The stable top of the chain that ends with this object. It follows from the object alone: from its controller reference
 * and the hash label of Deployments and Rollouts, which stays when the owner is deleted with `--cascade=orphan`; for the
 * Pods of a CronJob's Job, and for that Job, from a mark that its template got at its creation.
 * @param template of a Job
 */
export function topWorkload(
  kind: string,
  metadata: RawMetadata | null | undefined,
  template?: RawMetadata,
): TopWorkload {
  const known = metadata ?? {};
  const owner = controllerOf(known);
  const byHash = kind === 'Pod' || kind === 'ReplicaSet' ? ofHash(kind, known, owner) : undefined;
  if (byHash !== undefined) return { workload: byHash, isStable: true };
  const ofMark = kind === 'Job' ? markedCronJob(template) : undefined;
  if (ofMark !== undefined) return { workload: ofMark, isStable: true };
  if (owner === undefined)
    return { workload: { kind, name: nameOf(kind, known) }, isStable: !known.generateName };
  return ofOwner(kind, owner, known) ?? { workload: { kind, name: nameOf(kind, known) }, isStable: false };
}

/** Who makes the object; undefined when nobody does. */
export function controllerOf(metadata: RawMetadata | null | undefined): RawOwnerReference | undefined {
  return listOf(metadata?.ownerReferences).find(({ controller }) => controller === true);
}

/** At admission the generated name of a Pod is not known yet: what it begins with stands for it, then and later. */
function nameOf(kind: string, { name, generateName }: RawMetadata): string {
  return (kind === 'Pod' && generateName) || (name ?? '');
}

/** Undefined when it is nobody whose Pods, or Jobs, are known to be found again. */
function ofOwner(kind: string, owner: RawOwnerReference, metadata: RawMetadata): TopWorkload | undefined {
  const { name } = owner;
  if (kind === 'Job' && isKind(owner, 'batch/v1', 'CronJob')) {
    return { workload: { kind: 'CronJob', name }, isStable: true };
  }
  if (kind !== 'Pod') return undefined;
  if (isKind(owner, 'batch/v1', 'Job')) {
    return { workload: markedCronJob(metadata) ?? { kind: 'Job', name }, isStable: true };
  }
  const isOurs = ['StatefulSet', 'DaemonSet', 'ReplicaSet'].some((one) => isKind(owner, 'apps/v1', one));
  return isOurs ? { workload: { kind: owner.kind, name }, isStable: true } : undefined;
}

function markedCronJob(metadata: RawMetadata | undefined): WorkloadRef | undefined {
  const mark = parseWorkloadRef(metadata?.annotations?.[workloadMarkAnnotation] ?? '');
  return mark?.kind === 'CronJob' ? mark : undefined;
}

/** The owner may be gone, the names it gave are not: `<name>-<hash>` is a ReplicaSet, `<name>-<hash>-<random>` its Pod. */
function ofHash(
  kind: 'Pod' | 'ReplicaSet',
  metadata: RawMetadata,
  owner: RawOwnerReference | undefined,
): WorkloadRef | undefined {
  const ofSet = owner?.kind === 'ReplicaSet' ? owner.name : undefined;
  const set = kind === 'ReplicaSet' ? metadata.name : ofSet;
  for (const [label, topKind] of hashLabels) {
    const hash = metadata.labels?.[label];
    const name = hash ? nameBefore(hash, set, metadata) : undefined;
    if (name !== undefined) return { kind: topKind, name };
  }
  return undefined;
}

/** @param set name of the ReplicaSet; none for a Pod that has lost it */
function nameBefore(hash: string, set: string | null | undefined, metadata: RawMetadata): string | undefined {
  if (set) return withoutEnd(set, `-${hash}`);
  const start = metadata.generateName || (metadata.name ?? '').replace(/[^-]+$/, '');
  // A ReplicaSet whose name has 253 characters leaves the last dash out.
  return withoutEnd(start, `-${hash}-`) ?? withoutEnd(start, `-${hash}`);
}

function withoutEnd(text: string, end: string): string | undefined {
  return text.endsWith(end) && text.length > end.length ? text.slice(0, -end.length) : undefined;
}

function isKind(owner: RawOwnerReference, apiVersion: string, kind: string): boolean {
  return owner.kind === kind && owner.apiVersion === apiVersion;
}
