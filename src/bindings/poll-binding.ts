import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { nextAttempt } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { BrokerClient } from '../osb/broker-client.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import type { PollBindingRequest } from '../osb/types.ts';
import { bindingOrphaned } from './bind-outcome.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { bindingIdOf, saveBinding, settle, type BindingTask } from './binding-task.ts';
import { unbindAgain, unbound } from './deletion-result.ts';
import { knownAtBroker } from './known-at-broker.ts';
import { isOverdue, pollAgain } from './polling.ts';
import { storeCredentials } from './store-credentials.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Bindings) for whatever operation is under way. */
export async function pollBinding(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  if (!binding.status?.asyncOpInProgress) return goOn(binding);
  const isDeleting = binding.metadata.deletionTimestamp !== undefined;
  // A DELETE may be sent while the create is under way (OSB, Unbinding): do not make the user wait.
  if (isDeleting && binding.status.currentOperation !== 'Unbind') return goOn(binding);

  const known = knownAtBroker(binding, task.stores);
  if (known === undefined) return stop;
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return pollAgain(task, binding);
  const request = {
    instanceId: known.instanceId,
    bindingId: bindingIdOf(binding),
    serviceId: known.serviceId,
    planId: known.planId,
    operation: binding.status.lastOperation ?? undefined,
    identity: originatingIdentity(binding.spec.userInfo),
  };
  const outcome = await connection.client.pollBinding(request, task.signal);
  if (task.signal.aborted) return stop;
  if (outcome.kind === 'unclear') task.connections.reportFailure(known.broker, outcome.failure);
  const isUnbinding =
    binding.status.orphanMitigationInProgress || binding.status.currentOperation === 'Unbind';
  return isUnbinding
    ? settleDeletionPoll(task, binding, outcome)
    : settleCreationPoll(task, binding, connection.client, request, outcome);
}

async function settleCreationPoll(
  task: BindingTask,
  binding: ServiceBinding,
  client: BrokerClient,
  request: PollBindingRequest,
  outcome: PollOutcome,
): Promise<Step<ServiceBinding>> {
  if (outcome.kind === 'succeeded') return fetchCredentials(task, binding, client, request);
  if (outcome.kind !== 'failed' && !isOverdue(task, binding)) return keepPolling(task, binding, outcome);
  const description =
    outcome.kind === 'failed'
      ? (outcome.description ?? '(no description provided)')
      : 'the operation took longer than its limit';
  const message = `Bind call failed: ${description}`;
  await settle(task, binding, bindingOrphaned('BindCallFailed', message, binding.status?.attempts, 'fail'));
  return stopFor(1);
}

/** GET …/service_bindings/{id}: the credentials of an asynchronous binding (OSB, Fetching a Service Binding). */
async function fetchCredentials(
  task: BindingTask,
  binding: ServiceBinding,
  client: BrokerClient,
  request: PollBindingRequest,
): Promise<Step<ServiceBinding>> {
  const found = findBindableInstance(binding, task.stores);
  const fetched = await client.getBinding(request, task.signal);
  if (fetched.kind === 'done' && found.kind === 'bindable') {
    return storeCredentials(task, binding, fetched.body, found.offering);
  }
  if (task.signal.aborted) return stop;
  // The binding is there (OSB: keep remembering it): ask again until the operation's deadline.
  if (!isOverdue(task, binding)) return pollAgain(task, binding);
  const why = fetched.kind === 'failed' ? fetched.message : 'its instance can not be bound any more';
  const message = `Could not do a GET on binding resource: ${why}`;
  await settle(
    task,
    binding,
    bindingOrphaned('FetchingBindingFailed', message, binding.status?.attempts, 'fail'),
  );
  return stopFor(1);
}

async function settleDeletionPoll(
  task: BindingTask,
  binding: ServiceBinding,
  outcome: PollOutcome,
): Promise<Step<ServiceBinding>> {
  if (outcome.kind === 'succeeded' || outcome.kind === 'gone') return unbound(task, binding);
  const isFinal = outcome.kind === 'failed' || outcome.kind === 'absent' || isOverdue(task, binding);
  if (!isFinal) return keepPolling(task, binding, outcome);

  // Failed, unknown to the broker, or too slow: the DELETE is sent again and should be answered with 410.
  const next = nextAttempt(
    binding.status ?? {},
    binding.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  const said =
    outcome.kind === 'failed' ? (outcome.description ?? '(no description provided)') : 'the broker lost it';
  return unbindAgain(task, binding, `Unbind call failed: ${said}`, next);
}

/** Writes only when the broker has something new to say. */
async function keepPolling(
  task: BindingTask,
  binding: ServiceBinding,
  outcome: PollOutcome,
): Promise<Step<ServiceBinding>> {
  const description = outcome.kind === 'in-progress' ? outcome.description : undefined;
  const retryAfterMs = outcome.kind === 'in-progress' ? outcome.retryAfterMs : undefined;
  if (description === undefined || description === binding.status?.lastOperationDescription) {
    return pollAgain(task, binding, retryAfterMs);
  }
  const isUnbinding = binding.status?.currentOperation === 'Unbind';
  const doing = isUnbinding ? 'deleted' : 'created';
  const message = `The binding is being ${doing} asynchronously (${description})`;
  const kind = binding.status?.orphanMitigationInProgress ? 'cleaning' : isUnbinding ? 'deleting' : 'working';
  const reason = isUnbinding ? 'Unbinding' : 'Binding';
  const noted = await saveBinding(
    task,
    binding,
    { kind, reason, message },
    { lastOperationDescription: description },
    'uid',
  );
  return pollAgain(task, noted, retryAfterMs);
}
