import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { pollOperation } from '../operations/poll-operation.ts';
import { asyncBindFailed } from './bind-outcome.ts';
import type { BindingTask } from './binding-task.ts';
import { brokeredBinding } from './brokered-binding.ts';
import { beginFetch } from './fetch-credentials.ts';
import { settle } from './settle-binding.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Bindings) for whatever operation is under way. */
export async function pollBinding(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  return pollOperation(task, brokeredBinding(task), binding, {
    write: 'create',
    succeeded: async (polled) => beginFetch(task, polled),
    failed: async (polled, { answer, cause }) => {
      await settle(task, polled, asyncBindFailed(answer, cause, polled));
      return stopFor(1);
    },
  });
}
