import type { ServiceInstance, ServiceInstanceStatus } from '../api/generated/service-instance.ts';
import type { Judgement as JudgementOf, OperationTask } from '../operations/kind.ts';
import type { ChangesOf } from '../operations/operation-status.ts';

export type InstanceTask = OperationTask<ServiceInstance>;
export type StatusChanges = ChangesOf<ServiceInstanceStatus>;

/** What becomes of the status after an answer of the broker. */
export interface Judgement extends JudgementOf<ServiceInstance> {
  readonly changes: StatusChanges;
}

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

/**
 * It was taken up with another plan or other parameters than its spec asks for, and that spec has not changed since
 * (`updateRequests` is part of it): what is there stays.
 */
export function isKeptAsFound(instance: ServiceInstance): boolean {
  const { status } = instance;
  return status?.existedBefore === true && status.reconciledGeneration === spokenOf(instance);
}

/** No update is under way, nor about to be. */
export function isAtRest({ metadata, status = {} }: ServiceInstance): boolean {
  const isUnderWay = Boolean(status.currentOperation) || status.orphanMitigationInProgress === true;
  return !isUnderWay && !status.nextAttemptTime && status.observedGeneration === metadata.generation;
}

/** Somebody raised `spec.updateRequests`, and no update has been carried out since. */
export function isUpdateRequested(instance: ServiceInstance): boolean {
  return (instance.spec.updateRequests ?? 0) > handledRequests(instance);
}

/** The original Service Catalog did not count; what it had been asked for it had done with the generation. */
function handledRequests({ metadata, spec, status = {} }: ServiceInstance): number {
  const isDone = (status.reconciledGeneration ?? 0) >= (metadata.generation ?? 0);
  return status.handledUpdateRequests ?? (isDone ? (spec.updateRequests ?? 0) : 0);
}
