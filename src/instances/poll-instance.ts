import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { pollOperation } from '../operations/poll-operation.ts';
import { failureOf, type Polled } from '../operations/polling.ts';
import { brokeredInstance, operationOf } from './brokered-instance.ts';
import type { InstanceTask } from './instance-task.ts';
import { asyncProvisionFailed, provisioned } from './provision-outcome.ts';
import { settle } from './settle-instance.ts';
import { asyncUpdateFailed, updated } from './update-outcome.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Instances) for whatever operation is under way. */
export async function pollInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  return pollOperation(task, brokeredInstance(task), instance, async (polledInstance, polled) =>
    settlePoll(task, polledInstance, polled),
  );
}

async function settlePoll(
  task: InstanceTask,
  instance: ServiceInstance,
  polled: Polled,
): Promise<Step<ServiceInstance> | undefined> {
  const isUpdate = operationOf(instance) === 'update';
  if (polled.kind === 'succeeded') {
    const properties = instance.status?.inProgressProperties ?? undefined;
    const done = isUpdate ? updated : provisioned;
    await settle(task, instance, done(instance, properties, undefined));
    return stopFor(1);
  }
  const cause = failureOf(task, instance, polled);
  if (cause === undefined) return undefined;
  const flags = polled.kind === 'failed' ? polled : {};
  const judgement = isUpdate
    ? asyncUpdateFailed(instance, cause, flags)
    : asyncProvisionFailed(cause, instance.status?.attempts ?? 0);
  await settle(task, instance, judgement);
  return stopFor(1);
}
