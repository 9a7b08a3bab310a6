import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { sentence } from '../base/sentence.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { hasGivenId } from '../operations/given-id.ts';
import { attemptsEnded, leftOnRecord } from '../operations/operation-status.ts';
import { olderBindingHint } from './bind-outcome.ts';
import type { BindingTask, Judgement } from './binding-task.ts';

/**
 * Cleaning up is for what an attempt of ours may have left (OSB, Orphan Mitigation). A binding that came back from a
 * backup, or whose id was given, may have been there before, and applications may be using it: it is asked for again, or
 * waits for a person; other judgements stay.
 */
export function unlessExistedBefore(
  task: BindingTask,
  binding: ServiceBinding,
  judgement: Judgement,
): Judgement {
  const { verdict, changes } = judgement;
  const existed = changes.existedBefore ?? binding.status?.existedBefore ?? hasGivenId(binding);
  if (verdict.kind !== 'cleaning' || !existed) return judgement;
  const { reason, failedReason } = verdict;
  const message = `${sentence(verdict.message)} ${olderBindingHint}`;
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
