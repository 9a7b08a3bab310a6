import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { nextAttempt } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import { bindingOrphaned } from './bind-outcome.ts';
import { bindingIdOf, saveBinding, settle, type BindingTask } from './binding-task.ts';
import { isMitigating, unbindAgain, unbound } from './deletion-result.ts';
import { beginFetch } from './fetch-credentials.ts';
import { knownAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { isOverdue, pollAgain } from './polling.ts';

const tooLong = 'the operation took longer than its limit';

/** What a poll came to, or that the broker could not be asked. */
type Polled = PollOutcome | { readonly kind: 'unreachable' };

/** GET …/last_operation (OSB, Polling Last Operation for Service Bindings) for whatever operation is under way. */
export async function pollBinding(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const { metadata, status } = binding;
  if (!status?.asyncOpInProgress) return goOn(binding);
  const isDeleting = metadata.deletionTimestamp !== undefined;
  // A DELETE may be sent while the create is under way (OSB, Unbinding): do not make the user wait.
  if (isDeleting && status.currentOperation !== 'Unbind') return goOn(binding);

  const waitMs = task.polls.waitMs(objectKey(binding));
  if (waitMs > 0) return stopFor(waitMs);
  const known = knownAtBroker(binding, task.stores);
  if (known === undefined) return goOn(binding);
  const polled = await poll(task, binding, known);
  if (task.signal.aborted) return stop;
  const isUnbinding = status.orphanMitigationInProgress || status.currentOperation === 'Unbind';
  return isUnbinding ? settleDeletionPoll(task, binding, polled) : settleCreationPoll(task, binding, polled);
}

async function poll(task: BindingTask, binding: ServiceBinding, known: KnownAtBroker): Promise<Polled> {
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return { kind: 'unreachable' };
  const request = {
    instanceId: known.instanceId,
    bindingId: bindingIdOf(binding),
    serviceId: known.serviceId,
    planId: known.planId,
    operation: binding.status?.lastOperation ?? undefined,
    identity: isMitigating(binding) ? undefined : originatingIdentity(binding.spec.userInfo),
  };
  const outcome = await connection.client.pollBinding(request, task.signal);
  if (outcome.kind === 'unclear') task.connections.reportFailure(known.broker, outcome.failure);
  return outcome;
}

async function settleCreationPoll(
  task: BindingTask,
  binding: ServiceBinding,
  polled: Polled,
): Promise<Step<ServiceBinding>> {
  if (polled.kind === 'succeeded') return beginFetch(task, binding);
  if (polled.kind !== 'failed' && !isOverdue(task, binding)) return keepPolling(task, binding, polled);
  const description =
    polled.kind === 'failed' ? (polled.description ?? '(no description provided)') : tooLong;
  const message = `Bind call failed: ${description}`;
  await settle(task, binding, bindingOrphaned('BindCallFailed', message, binding.status?.attempts, 'fail'));
  return stopFor(1);
}

async function settleDeletionPoll(
  task: BindingTask,
  binding: ServiceBinding,
  polled: Polled,
): Promise<Step<ServiceBinding>> {
  if (polled.kind === 'succeeded' || polled.kind === 'gone') return unbound(task, binding);
  const why = whyAgain(task, binding, polled);
  if (why === undefined) return keepPolling(task, binding, polled);

  // The DELETE is sent again; what is gone already is answered with 410.
  const next = nextAttempt(
    binding.status ?? {},
    binding.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  return unbindAgain(task, binding, `Unbind call failed: ${why}`, next);
}

function whyAgain(task: BindingTask, binding: ServiceBinding, polled: Polled): string | undefined {
  if (polled.kind === 'failed') return polled.description ?? '(no description provided)';
  if (polled.kind === 'absent') return 'the broker does not know the binding any more';
  return isOverdue(task, binding) ? tooLong : undefined;
}

function retryAfterOf(polled: Polled): number | undefined {
  if (polled.kind === 'in-progress') return polled.retryAfterMs;
  return polled.kind === 'unclear' ? polled.failure.retryAfterMs : undefined;
}

/** Writes only when the broker has something new to say. */
async function keepPolling(
  task: BindingTask,
  binding: ServiceBinding,
  polled: Polled,
): Promise<Step<ServiceBinding>> {
  const description = polled.kind === 'in-progress' ? polled.description : undefined;
  const retryAfterMs = retryAfterOf(polled);
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
