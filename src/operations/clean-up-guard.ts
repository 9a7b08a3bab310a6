import { orphanMitigationAnnotation } from '../api/group.ts';
import { sentence } from '../base/sentence.ts';
import { describeBroker } from '../brokers/broker-ref.ts';
import { findBroker } from '../brokers/find-broker.ts';
import type { Verdict } from '../model/verdict.ts';
import type { KubeObject } from '../kube/objects.ts';
import { hasGivenId } from '../model/given-id.ts';
import type { Judgement, OperationTask } from './kind.ts';
import { attemptAfter } from './next-attempt.ts';
import { attemptsEnded, leftOnRecord, type BrokeredObject } from './operation-status.ts';

type Annotated = Pick<KubeObject, 'metadata'>;

/** What may be cleaned up after a failure, and what not: every judgement goes through here on its way to the status. */
export function guarded<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  judgement: Judgement<O>,
): Judgement<O> {
  const judged = unlessExistedBefore(task, object, judgement);
  const { verdict } = judged;
  if (verdict.kind !== 'cleaning' || !isHeldBack(task, object)) return judged;
  return { ...judged, verdict: heldBack(task, object, verdict.message, verdict.failedReason) };
}

/**
 * Cleaning up is for what an attempt of ours may have left (OSB, Orphan Mitigation). What came back from a backup, or
 * whose id was given, may have been there before, and applications may be using it: it is asked for again, or waits for
 * a person; other judgements stay.
 */
function unlessExistedBefore<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  judgement: Judgement<O>,
): Judgement<O> {
  const { verdict, changes } = judgement;
  const existed = changes.existedBefore ?? object.status?.existedBefore ?? hasGivenId(object);
  if (verdict.kind !== 'cleaning' || !existed) return judgement;
  const { reason, failedReason } = verdict;
  const message = `${sentence(verdict.message)} ${task.kind.creation.olderHint}`;
  if (failedReason !== undefined) {
    return {
      verdict: { kind: 'stalled', reason, message, failedReason },
      changes: { ...leftOnRecord, ...attemptsEnded, existedBefore: true },
      event: 'Warning',
    };
  }
  const { attempts, nextAttemptTime } = attemptAfter(task, object);
  return {
    verdict: { kind: 'retrying', reason, message, nextAttemptTime },
    changes: { attempts, nextAttemptTime, existedBefore: true },
    event: 'Warning',
  };
}

export function isHeldBack<O extends BrokeredObject>({ kind, stores }: OperationTask<O>, object: O): boolean {
  const broker = kind.reach(object, stores)?.broker;
  return isMitigationOff(object, broker && findBroker(broker, stores));
}

/** Cleaning up becomes waiting for a person where orphan mitigation is switched off. */
export function heldBack<O extends BrokeredObject>(
  { kind, stores }: OperationTask<O>,
  object: O,
  cause: string,
  failedReason?: string,
): Verdict {
  const broker = kind.reach(object, stores)?.broker;
  const where = broker === undefined ? 'its broker' : describeBroker(broker);
  const message =
    `${sentence(cause)} ${kind.noun} "${kind.idOf(object)}" may have been left at ${where}. It stays there, and ` +
    `nothing else is tried, because orphan mitigation is switched off. Look at it, then set the annotation ` +
    `${orphanMitigationAnnotation} of this object to "enabled", or delete this object: both delete it at the broker.`;
  return {
    kind: 'held-back',
    reason: 'OrphanMitigationDisabled',
    message,
    cause,
    ...(failedReason === undefined ? {} : { failedReason }),
  };
}

/**
 * People may decide that what a failed request left at a broker stays there, to look at it (OSB, Orphan Mitigation).
 * The object's own annotation wins over its broker's. Any value but `enabled` switches it off: what was deleted
 * because of a misspelt word would be gone.
 */
export function isMitigationOff(object: Annotated, broker: Annotated | undefined): boolean {
  const setting = settingOf(object) ?? settingOf(broker);
  return setting !== undefined && setting !== 'enabled';
}

function settingOf(object: Annotated | undefined): string | undefined {
  return object?.metadata.annotations?.[orphanMitigationAnnotation];
}
