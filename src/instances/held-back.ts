import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { orphanMitigationAnnotation } from '../api/group.ts';
import { sentence } from '../base/sentence.ts';
import { findBroker } from '../brokers/find-broker.ts';
import { describeBroker } from '../brokers/broker-ref.ts';
import { isMitigationOff } from '../brokers/orphan-mitigation.ts';
import type { Verdict } from '../control/verdict.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { knownAtBroker } from './known-at-broker.ts';

/** Cleaning up becomes waiting for a person where orphan mitigation is switched off; other verdicts stay. */
export function unlessHeldBack(task: InstanceTask, instance: ServiceInstance, verdict: Verdict): Verdict {
  if (verdict.kind !== 'cleaning' || !isHeldBack(task, instance)) return verdict;
  const { message: cause, failedReason } = verdict;
  return heldBack(task, instance, cause, failedReason);
}

export function isHeldBack(task: InstanceTask, instance: ServiceInstance): boolean {
  const broker = knownAtBroker(instance, task.stores)?.broker;
  return isMitigationOff(instance, broker && findBroker(broker, task.stores));
}

export function heldBack(
  task: InstanceTask,
  instance: ServiceInstance,
  cause: string,
  failedReason?: string,
): Verdict {
  const broker = knownAtBroker(instance, task.stores)?.broker;
  const where = broker === undefined ? 'its broker' : describeBroker(broker);
  const message =
    `${sentence(cause)} Instance "${instanceIdOf(instance)}" may have been left at ${where}. It stays there, and ` +
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
