import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { nextAttempt, timestamp } from '../control/attempts.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import type { DeletionAnswer } from '../osb/types.ts';
import { bindingIdOf, saveBinding, type BindingTask } from './binding-task.ts';
import { isMitigating, releaseBinding, unbindAgain, unbound } from './deletion-result.ts';
import { knownAtBroker, mayBeAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { operationDeadline, pollAgain } from './polling.ts';
import { giveWay } from './wait-for-turn.ts';

/** A binding that no broker has ever heard of goes without a call. */
export async function releaseUnlessAtBroker(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  return mayBeAtBroker(binding) ? goOn(binding) : releaseBinding(task, binding);
}

/** Unbinds what a failed bind may have left at the broker, until the broker confirms (OSB, Orphan Mitigation). */
export async function mitigateOrphan(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  return binding.status?.orphanMitigationInProgress ? unbind(task, binding) : goOn(binding);
}

/** DELETE …/service_bindings/{id}. Never gives up: the object stays until the broker has confirmed. */
export async function unbind(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const known = knownAtBroker(binding, task.stores);
  const next = nextAttempt(
    binding.status ?? {},
    binding.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  if (known === undefined) {
    const message = 'The instance of this binding is gone, so its broker can not be told';
    return unbindAgain(task, binding, message, next);
  }
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return unbindAgain(task, binding, connection.message, next);

  const intended = await recordDeletion(task, binding);
  const outcome = await connection.client.unbind(
    {
      instanceId: known.instanceId,
      bindingId: bindingIdOf(intended),
      serviceId: known.serviceId,
      planId: known.planId,
      acceptsIncomplete: known.isRetrievable,
      // Nobody asked for orphan mitigation (OSB, Originating Identity).
      identity: isMitigating(intended) ? undefined : originatingIdentity(intended.spec.userInfo),
    },
    task.signal,
  );
  if (task.signal.aborted) return stop;
  return settleDeletion(task, intended, known, outcome);
}

/** Orphan mitigation is recorded already; an ordinary deletion is written down before it is sent. */
function recordDeletion(task: BindingTask, binding: ServiceBinding): Promise<ServiceBinding> {
  if (isMitigating(binding)) return Promise.resolve(binding);
  const isStarted = binding.status?.currentOperation === 'Unbind';
  return saveBinding(
    task,
    binding,
    {
      kind: 'deleting',
      reason: 'UnbindingRequestInFlight',
      message: 'Unbind request for ServiceBinding in-flight to Broker',
    },
    {
      currentOperation: 'Unbind',
      orphanMitigationInProgress: false,
      asyncOpInProgress: false,
      lastOperation: undefined,
      operationStartTime: isStarted ? binding.status?.operationStartTime : timestamp(task.clock.now()),
      attempts: isStarted ? binding.status?.attempts : undefined,
      nextAttemptTime: undefined,
    },
  );
}

async function settleDeletion(
  task: BindingTask,
  binding: ServiceBinding,
  known: KnownAtBroker,
  outcome: Outcome<DeletionAnswer>,
): Promise<Step<ServiceBinding>> {
  if (outcome.kind === 'done') return unbound(task, binding);
  if (outcome.kind === 'failed') {
    task.connections.reportFailure(known.broker, outcome);
    if (outcome.reason === 'ConcurrencyError') {
      const queued = await giveWay(task, binding);
      if (queued !== undefined) return queued;
    }
    const { generation } = binding.metadata;
    const { retryAfterMs } = outcome;
    const next = nextAttempt(binding.status ?? {}, generation, task.settings.retry, task.clock, retryAfterMs);
    return unbindAgain(task, binding, `Unbind call failed: ${outcome.message}`, next);
  }
  const message = 'The binding is being deleted asynchronously';
  const accepted = await saveBinding(
    task,
    binding,
    { kind: isMitigating(binding) ? 'cleaning' : 'deleting', reason: 'Unbinding', message },
    {
      asyncOpInProgress: true,
      lastOperation: outcome.operation,
      operationDeadline: operationDeadline(task, known.maxPollingSeconds),
    },
    'uid',
  );
  return pollAgain(task, accepted, outcome.retryAfterMs);
}
