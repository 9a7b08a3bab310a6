import { orphanMitigationAnnotation } from '../api/group.ts';
import { sentence } from '../base/sentence.ts';
import { describeBroker } from '../brokers/broker-ref.ts';
import { findBroker } from '../brokers/find-broker.ts';
import type { Verdict } from '../control/verdict.ts';
import type { BrokeredKind } from './brokered-kind.ts';
import { isMitigationOff } from './mitigation-switch.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/** Cleaning up becomes waiting for a person where orphan mitigation is switched off; other verdicts stay. */
export function unlessHeldBack<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  verdict: Verdict,
): Verdict {
  if (verdict.kind !== 'cleaning' || !isHeldBack(task, kind, object)) return verdict;
  const { message: cause, failedReason } = verdict;
  return heldBack(kind, object, cause, failedReason);
}

export function isHeldBack<O extends BrokeredObject, D extends string>(
  { stores }: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
): boolean {
  const broker = kind.atBroker(object)?.broker;
  return isMitigationOff(object, broker && findBroker(broker, stores));
}

export function heldBack<O extends BrokeredObject, D extends string>(
  kind: BrokeredKind<O, D>,
  object: O,
  cause: string,
  failedReason?: string,
): Verdict {
  const broker = kind.atBroker(object)?.broker;
  const where = broker === undefined ? 'its broker' : describeBroker(broker);
  const message =
    `${sentence(cause)} ${kind.noun} "${kind.idOf(object)}" may have been left at ${where}. It stays there, and ` +
    `nothing else is tried, because orphan mitigation is switched off. Look at it, then set the annotation ` +
    `${orphanMitigationAnnotation} of this object to "enabled", or delete this object: both delete it at the broker.`;
  const reason = 'OrphanMitigationDisabled';
  return {
    kind: 'held-back',
    reason,
    message,
    cause,
    ...(failedReason === undefined ? {} : { failedReason }),
  };
}
