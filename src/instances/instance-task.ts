import type { ServiceInstance, ServiceInstanceStatus } from '../api/generated/service-instance.ts';
import type { HeldIds } from '../operations/held-ids.ts';
import type { ChangesOf, JudgementOf } from '../operations/operation-status.ts';
import type { OperationTask } from '../operations/operation-task.ts';

/** What every step of one reconcile shares. */
export interface InstanceTask extends OperationTask {
  readonly ids: HeldIds<ServiceInstance>;
}

export type StatusChanges = ChangesOf<ServiceInstanceStatus>;

/** What becomes of the status after an answer of the broker. */
export type Judgement = JudgementOf<ServiceInstanceStatus>;

/** For the changes of a success: which spec the broker now has. */
export function handledSpec(instance: ServiceInstance): StatusChanges {
  const reconciledGeneration = spokenOf(instance);
  const isCurrent = reconciledGeneration === instance.metadata.generation;
  const handledUpdateRequests = instance.spec.updateRequests ?? 0;
  return { reconciledGeneration, ...(isCurrent ? { handledUpdateRequests } : {}) };
}

/**
 * The generation that the status speaks of. While the broker carries out a creation or update it is the one that was
 * asked for, whatever the spec says by now: else a change made meanwhile would be taken for done when that ends.
 */
export function spokenOf({ metadata, status }: ServiceInstance): number {
  const { generation = 0, deletionTimestamp } = metadata;
  const isPolled =
    status?.asyncOpInProgress === true &&
    status.orphanMitigationInProgress !== true &&
    deletionTimestamp === undefined;
  return isPolled ? (status.observedGeneration ?? generation) : generation;
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function instanceIdOf(instance: ServiceInstance): string {
  return instance.status?.instanceID ?? instance.spec.externalID ?? '';
}
