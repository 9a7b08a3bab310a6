import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { pollOperation, type BadEnd } from '../operations/poll-operation.ts';
import { brokeredInstance, operationOf } from './brokered-instance.ts';
import type { InstanceTask, Judgement } from './instance-task.ts';
import { asyncProvisionFailed, provisioned } from './provision-outcome.ts';
import { settle } from './settle-instance.ts';
import { asyncUpdateFailed, updated } from './update-outcome.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Instances) for whatever operation is under way. */
export async function pollInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const isUpdate = operationOf(instance) === 'update';
  const end = async (polled: ServiceInstance, judgement: Judgement): Promise<Step<ServiceInstance>> => {
    await settle(task, polled, judgement);
    return stopFor(1);
  };
  return pollOperation(task, brokeredInstance(task), instance, {
    write: isUpdate ? 'update' : 'create',
    succeeded: async (polled) => {
      const properties = polled.status?.inProgressProperties ?? undefined;
      return end(polled, (isUpdate ? updated : provisioned)(polled, properties, undefined));
    },
    failed: async (polled, bad) =>
      end(polled, isUpdate ? updateEnd(polled, bad) : asyncProvisionFailed(bad.answer, bad.cause, polled)),
  });
}

function updateEnd(instance: ServiceInstance, { answer, cause, polled }: BadEnd): Judgement {
  return asyncUpdateFailed(instance, answer, cause, polled.kind === 'failed' ? polled : {});
}
