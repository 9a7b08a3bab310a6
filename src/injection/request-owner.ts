import { parseWorkloadRef, type WorkloadRef } from '../api/requested-identity.ts';

/** Whose instance a request means, as `share.bind.servicecatalog.k8s.io/<name>` says it. */
export type Share =
  | { readonly kind: 'id'; readonly id: string }
  /** The instance of that workload, for a binding of the same name. */
  | { readonly kind: 'workload'; readonly workload: WorkloadRef };

/** For how long an instance is kept that nobody asks for, as `reclaim.bind.servicecatalog.k8s.io/<name>` says it. */
export type Reclaim =
  /** Goes with the workload, once its last Pod is gone. */
  | { readonly kind: 'delete' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'after'; readonly graceMs: number };

const shareId = /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Undefined when it is neither. */
export function parseShare(value: string): Share | undefined {
  if (shareId.test(value)) return { kind: 'id', id: value };
  const workload = parseWorkloadRef(value);
  return workload === undefined ? undefined : { kind: 'workload', workload };
}

/** As the annotation has it. */
export function shareText(share: Share): string {
  return share.kind === 'id' ? share.id : `${share.workload.kind}/${share.workload.name}`;
}

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const grace = /^(\d{1,6})([dhms])$/;

/** Undefined when it is none of these. */
export function parseReclaim(value: string): Reclaim | undefined {
  if (value === 'delete' || value === 'keep') return { kind: value };
  const [, count, unit] = grace.exec(value) ?? [];
  const each = unitMs[unit ?? ''];
  return each === undefined ? undefined : { kind: 'after', graceMs: Number(count) * each };
}

/** For how long an instance is kept where nothing else is said: 7 days. */
export const defaultRequestReclaimMs = 7 * 86_400_000;

/** Whether an instance goes sooner than the cluster has it: a way to have it deleted. */
export function isSooner(reclaim: Reclaim | undefined, clusterMs: number): boolean {
  return reclaim?.kind === 'delete' || (reclaim?.kind === 'after' && reclaim.graceMs < clusterMs);
}
