import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { stopFor, type Step } from '../control/steps.ts';
import { pollOperation } from '../operations/poll-operation.ts';
import { failureOf, type Polled } from '../operations/polling.ts';
import { bindingOrphaned } from './bind-outcome.ts';
import type { BindingTask } from './binding-task.ts';
import { brokeredBinding } from './brokered-binding.ts';
import { beginFetch } from './fetch-credentials.ts';
import { settle } from './settle-binding.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Bindings) for whatever operation is under way. */
export async function pollBinding(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  return pollOperation(task, brokeredBinding(task), binding, async (polledBinding, polled) =>
    settlePoll(task, polledBinding, polled),
  );
}

async function settlePoll(
  task: BindingTask,
  binding: ServiceBinding,
  polled: Polled,
): Promise<Step<ServiceBinding> | undefined> {
  if (polled.kind === 'succeeded') return beginFetch(task, binding);
  const cause = failureOf(task, binding, polled);
  if (cause === undefined) return undefined;
  const message = `Bind call failed: ${cause}`;
  await settle(task, binding, bindingOrphaned('BindCallFailed', message, binding.status?.attempts, 'fail'));
  return stopFor(1);
}
