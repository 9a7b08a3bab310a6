import { sentence } from '../base/sentence.ts';
import { findCondition, isConditionTrue } from '../api/conditions.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import { attemptAfter } from './attempt-steps.ts';
import type { BrokeredKind } from './brokered-kind.ts';
import {
  attemptsEnded,
  deletionRetried,
  isMitigating,
  operationEnded,
  type BrokeredObject,
} from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/** The broker has confirmed that it has nothing of the object any more. */
export function deletionConfirmed<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
): Promise<Step<O>> {
  return isMitigating(object) ? orphanMitigated(task, kind, object) : kind.release(object);
}

/** Waits for its turn and sends the DELETE again. Never gives up: the object stays until the broker has confirmed. */
export async function deleteAgain<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  message: string,
  retryAfterMs?: number,
): Promise<Step<O>> {
  const next = attemptAfter(task, object, retryAfterMs);
  const text = `${sentence(message)} Next attempt at ${next.nextAttemptTime}.`;
  const verdict = isMitigating(object)
    ? ({ kind: 'cleaning', reason: 'OrphanMitigationFailed', message: text } as const)
    : ({ kind: 'deleting', reason: kind.deletion.failed.reason, message: text, isRefused: true } as const);
  // Also of one that interrupted something: from now on it is a deletion that is under way.
  const deleting = isMitigating(object) ? {} : { currentOperation: kind.deletion.operation };
  await kind.save(object, verdict, { ...deletionRetried(next), ...deleting }, 'uid');
  kind.event(object, 'Warning', { reason: verdict.reason, message });
  return stopFor(next.delayMs);
}

/**
 * The broker is clean. Unless the failure was final, the next attempt starts after a pause and under a fresh id,
 * since ids should not be used again (OSB, Provisioning and Binding).
 */
async function orphanMitigated<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
): Promise<Step<O>> {
  const conditions = object.status?.conditions;
  const cause = findCondition(conditions, 'OrphanMitigation')?.message ?? '';
  const clean = { ...operationEnded, orphanMitigationInProgress: false } as const;
  kind.event(object, 'Normal', {
    reason: 'OrphanMitigationSuccessful',
    message: 'Orphan mitigation was completed successfully',
  });

  const failed = findCondition(conditions, 'Failed');
  // A failure that was final for an older spec says nothing about the one that stands there now.
  const isFinal = failed?.observedGeneration === object.metadata.generation;
  if (failed !== undefined && isFinal && isConditionTrue(conditions, 'Failed')) {
    const verdict = {
      kind: 'stalled',
      reason: failed.reason,
      message: cause,
      failedReason: failed.reason,
    } as const;
    await kind.saveClean(object, verdict, { ...clean, ...attemptsEnded });
    return stop;
  }
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, object);
  // What is told is what failed; that the clean-up worked would read like good news.
  const { retryReason: reason } = kind;
  const verdict = { kind: 'retrying', reason, message: cause, nextAttemptTime } as const;
  await kind.saveClean(object, verdict, { ...clean, attempts, nextAttemptTime });
  return stopFor(delayMs);
}
