import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { sentence } from '../base/sentence.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { attemptsEnded, leftOnRecord } from '../operations/operation-status.ts';
import type { BindingTask, Judgement } from './binding-task.ts';

const whatToDo =
  'The broker had this binding before anything was sent for this object, so it is not deleted there as an orphan. ' +
  'To unbind it and have a new one, delete this ServiceBinding and create it again.';

/**
 * Cleaning up is for what an attempt of ours may have left (OSB, Orphan Mitigation). A binding that came back from a
 * backup was there before, and applications may be using it: it is asked for again, or waits for a person; other
 * judgements stay.
 */
export function unlessExistedBefore(
  task: BindingTask,
  binding: ServiceBinding,
  judgement: Judgement,
): Judgement {
  const { verdict, changes } = judgement;
  const existed = changes.existedBefore ?? binding.status?.existedBefore ?? false;
  if (verdict.kind !== 'cleaning' || !existed) return judgement;
  const { reason, failedReason } = verdict;
  const message = `${sentence(verdict.message)} ${whatToDo}`;
  if (failedReason !== undefined) {
    return {
      verdict: { kind: 'stalled', reason, message, failedReason },
      changes: { ...leftOnRecord, ...attemptsEnded, existedBefore: true },
      event: 'Warning',
    };
  }
  const { attempts, nextAttemptTime } = attemptAfter(task, binding);
  return {
    verdict: { kind: 'retrying', reason, message, nextAttemptTime },
    changes: { attempts, nextAttemptTime, existedBefore: true },
    event: 'Warning',
  };
}
