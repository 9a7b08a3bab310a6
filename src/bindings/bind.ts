import type { ServiceBinding, ServiceBindingPropertiesState } from '../api/generated/service-binding.ts';
import { timestamp } from '../control/attempts.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { Failure, Outcome } from '../osb/outcome-types.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { operationDeadline, pollAgain } from '../operations/polling.ts';
import { bindFailed, bindingOrphaned } from './bind-outcome.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { bindingIdOf, saveBinding, type BindingTask } from './binding-task.ts';
import { prepareBind, type PreparedBind } from './prepare-bind.ts';
import { settle } from './settle-binding.ts';
import { storeCredentials } from './store-credentials.ts';
import { transformProblem } from './transforms.ts';
import { giveWay } from './wait-for-turn.ts';

/** PUT …/service_bindings/{id} (OSB, Binding), or its repetition after a crash, and the credentials into a Secret. */
export async function bind(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const found = findBindableInstance(binding, task.stores);
  if (found.kind === 'blocked') {
    await saveBinding(task, binding, found.verdict);
    return stop;
  }
  const problem = transformProblem(binding.spec.secretTransforms ?? []);
  if (problem !== undefined) {
    const reason = 'ErrorWithSecretTransforms';
    await saveBinding(task, binding, { kind: 'stalled', reason, message: problem, failedReason: reason });
    return stop;
  }
  const prepared = await prepareBind(task, binding, found.instance, found.offering);
  if (prepared.kind === 'blocked') return waitForMissing(task, binding, prepared.reason, prepared.message);
  if (asksForSomethingElse(binding, prepared.properties)) {
    const message =
      'What is asked for changed during an attempt whose result is unknown; what it may have left goes first';
    await settle(task, binding, bindingOrphaned('BindCallFailed', message, undefined, 'retry'));
    return stopFor(1);
  }

  const isRepeated = binding.status?.inProgressProperties !== undefined;
  const intended = await recordIntent(task, binding, prepared);
  const outcome = await prepared.client.bind(
    { ...prepared.request, bindingId: bindingIdOf(intended) },
    task.signal,
  );
  return settleBind(task, intended, prepared, outcome, isRepeated);
}

/** An attempt was left unfinished, and what it sent was not this: the same id would be refused (409). */
function asksForSomethingElse({ status }: ServiceBinding, wanted: ServiceBindingPropertiesState): boolean {
  const earlier = status?.inProgressProperties;
  if (earlier === undefined) return false;
  const fields = ['instanceID', 'serviceID', 'planID', 'parameterChecksum'] as const;
  return fields.some((field) => (earlier[field] ?? '') !== (wanted[field] ?? ''));
}

/** Ready False with a reason and a next attempt: a Secret, a namespace or a broker is not there yet. */
async function waitForMissing(
  task: BindingTask,
  binding: ServiceBinding,
  reason: string,
  message: string,
): Promise<Step<ServiceBinding>> {
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, binding);
  await saveBinding(
    task,
    binding,
    { kind: 'retrying', reason, message, nextAttemptTime },
    { attempts, nextAttemptTime },
  );
  return stopFor(delayMs);
}

/** Written before the request is sent, so that a crash can neither lose nor double a binding. */
function recordIntent(
  task: BindingTask,
  binding: ServiceBinding,
  { properties, isReturned }: PreparedBind,
): Promise<ServiceBinding> {
  return saveBinding(
    task,
    binding,
    {
      kind: 'working',
      reason: 'BindingRequestInFlight',
      message: 'Binding request for ServiceBinding in-flight to Broker',
    },
    {
      currentOperation: 'Bind',
      operationStartTime: binding.status?.operationStartTime ?? timestamp(task.clock.now()),
      inProgressProperties: properties,
      bindingID: bindingIdOf(binding),
      unbindStatus: 'Required',
      ...(isReturned ? { existedBefore: true } : {}),
      nextAttemptTime: undefined,
    },
  );
}

async function settleBind(
  task: BindingTask,
  binding: ServiceBinding,
  prepared: PreparedBind,
  outcome: Outcome<BindingAnswer>,
  isRepeated: boolean,
): Promise<Step<ServiceBinding>> {
  // Even when we are being stopped: credentials that have arrived may never be handed out again.
  if (outcome.kind === 'done') {
    // 200 is for a binding that was there already: its credentials may have gone to an earlier answer.
    const isOurs = isRepeated && binding.status?.existedBefore !== true;
    const whenMissing = outcome.status !== 200 ? 'accept' : isOurs ? 'retry' : 'keep';
    return storeCredentials(task, binding, outcome.body, prepared.offering, whenMissing);
  }
  if (task.signal.aborted) return stop;
  if (outcome.kind === 'accepted') {
    const message = 'The binding is being created asynchronously';
    const accepted = await saveBinding(
      task,
      binding,
      { kind: 'working', reason: 'Binding', message },
      {
        asyncOpInProgress: true,
        lastOperation: outcome.operation,
        operationDeadline: operationDeadline(
          task,
          prepared.offering.plan.status?.maximumPollingDurationSeconds,
        ),
      },
      'uid',
    );
    return pollAgain(task, accepted, outcome.retryAfterMs);
  }
  task.connections.reportFailure(prepared.broker, outcome);
  if (outcome.reason === 'ConcurrencyError') {
    const queued = await giveWay(task, binding);
    if (queued !== undefined) return queued;
  }
  return settleFailure(task, binding, outcome, isRepeated);
}

async function settleFailure(
  task: BindingTask,
  binding: ServiceBinding,
  outcome: Failure,
  isRepeated: boolean,
): Promise<Step<ServiceBinding>> {
  const next = attemptAfter(task, binding, outcome.retryAfterMs);
  const hasExisted = binding.status?.existedBefore === true;
  const judgement = bindFailed(outcome, next, isRepeated || hasExisted);
  // Unreadable as it is, a 200 says that the binding was there.
  const existedBefore = hasExisted || (outcome.status === 200 && !isRepeated) || undefined;
  await settle(task, binding, { ...judgement, changes: { ...judgement.changes, existedBefore } });
  return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stopFor(1);
}
