import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import type { Verdict } from '../model/verdict.ts';
import { objectKey } from '../kube/objects.ts';
import { isMitigating } from '../operations/operation-status.ts';
import { record } from '../operations/record.ts';
import type { InstanceLanes } from './instance-lanes.ts';
import type { BindingTask } from './known-binding.ts';

/** Another binding of the instance comes first, because the broker takes only one of them at a time. */
export async function waitForTurn(
  lanes: InstanceLanes,
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  const ms = lanes.enter(instanceKeyOf(binding), objectKey(binding));
  return ms === 0 ? goOn(binding) : queueUp(task, binding, ms);
}

/**
 * After a ConcurrencyError: undefined when the binding is the first in the queue and has to try again after its
 * back-off (OSB, Blocking Operations: wait, and never mitigate).
 */
export async function giveWay(
  lanes: InstanceLanes,
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding> | undefined> {
  const ms = lanes.open(instanceKeyOf(binding), objectKey(binding));
  return ms === 0 ? undefined : queueUp(task, binding, ms);
}

async function queueUp(task: BindingTask, binding: ServiceBinding, ms: number): Promise<Step<never>> {
  await record(task, binding, waiting(binding), { nextAttemptTime: undefined });
  return stopFor(ms);
}

function waiting(binding: ServiceBinding): Verdict {
  const isDeleting = binding.metadata.deletionTimestamp !== undefined;
  return {
    kind: isMitigating(binding) ? 'cleaning' : isDeleting ? 'deleting' : 'working',
    reason: 'WaitingForOtherBinding',
    message: `The broker takes one operation at a time for ServiceInstance "${instanceKeyOf(binding)}"; this one waits for its turn`,
  };
}
