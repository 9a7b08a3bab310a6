import type { ServiceBinding, ServiceBindingPropertiesState } from '../api/generated/service-binding.ts';
import { timestamp } from '../control/attempts.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { standingAt, standingOf } from '../operations/answer-kind.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { followMaking } from '../operations/follow-making.ts';
import { hasGivenId } from '../operations/given-id.ts';
import { idPauseMs } from '../operations/held-ids.ts';
import { bindFailed, bindingOrphaned } from './bind-outcome.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { bindingIdOf, saveBinding, type BindingTask } from './binding-task.ts';
import { brokeredBinding } from './brokered-binding.ts';
import { prepareBind, type PreparedBind } from './prepare-bind.ts';
import { settle } from './settle-binding.ts';
import { storeCredentials, type WhenMissing } from './store-credentials.ts';
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
  if (problem !== undefined) return refuse(task, binding, 'ErrorWithSecretTransforms', problem);
  const prepared = await prepareBind(task, binding, found.instance, found.offering);
  if (prepared.kind !== 'prepared') return unprepared(task, binding, prepared);
  const standing = prepared.isReturned ? 'existing' : standingOf(binding);
  if (standing === 'repeated' && asksForSomethingElse(binding, prepared.properties)) {
    const message =
      'What is asked for changed during an attempt whose result is unknown; what it may have left goes first';
    await settle(task, binding, bindingOrphaned('BindCallFailed', message, undefined, 'retry'));
    return stopFor(1);
  }

  const record = (): Promise<ServiceBinding> => recordIntent(task, binding, prepared);
  const isFirst = binding.status?.inProgressProperties === undefined;
  const intended =
    isFirst && hasGivenId(binding)
      ? await task.ids.claim(brokeredBinding(task), binding, record, task.signal)
      : await record();
  // The id is another's, or is about to be.
  if (intended === undefined) return stopFor(idPauseMs);
  const outcome = await prepared.client.bind(
    { ...prepared.request, bindingId: bindingIdOf(intended) },
    task.signal,
  );
  return settleBind(task, intended, prepared, outcome, standingAt(standing, outcome));
}

/** An attempt was left unfinished, and what it sent was not this: the same id would be refused (409). */
function asksForSomethingElse({ status }: ServiceBinding, wanted: ServiceBindingPropertiesState): boolean {
  const earlier = status?.inProgressProperties ?? {};
  const fields = ['instanceID', 'serviceID', 'planID', 'parameterChecksum'] as const;
  return fields.some((field) => (earlier[field] ?? '') !== (wanted[field] ?? ''));
}

function unprepared(
  task: BindingTask,
  binding: ServiceBinding,
  found: Exclude<Awaited<ReturnType<typeof prepareBind>>, PreparedBind>,
): Promise<Step<ServiceBinding>> {
  return found.kind === 'refused'
    ? refuse(task, binding, 'ErrorWithParameters', found.message)
    : waitForMissing(task, binding, found.reason, found.message);
}

/** Nothing is sent until the spec is another. */
async function refuse(
  task: BindingTask,
  binding: ServiceBinding,
  reason: string,
  message: string,
): Promise<Step<ServiceBinding>> {
  await saveBinding(task, binding, { kind: 'stalled', reason, message, failedReason: reason });
  return stop;
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

function missingFrom200({ status }: ServiceBinding, standing: Standing): WhenMissing {
  if (standing === 'repeated') return 'retry';
  // Under a given id, after a request of ours whose answer is lost.
  return standing === 'existing' && status?.existedBefore !== true ? 'fail' : 'keep';
}

async function settleBind(
  task: BindingTask,
  binding: ServiceBinding,
  prepared: PreparedBind,
  outcome: Outcome<BindingAnswer>,
  standing: Standing,
): Promise<Step<ServiceBinding>> {
  // Even when we are being stopped: credentials that have arrived may never be handed out again.
  if (outcome.kind === 'done') {
    // 200 is for a binding that was there already: its credentials may have gone to an earlier answer.
    const whenMissing = outcome.status === 200 ? missingFrom200(binding, standing) : 'accept';
    return storeCredentials(task, binding, outcome.body, prepared.offering, whenMissing);
  }
  if (task.signal.aborted) return stop;
  if (outcome.kind === 'accepted') {
    return followMaking(task, brokeredBinding(task), binding, outcome, async (verdict, changes) =>
      saveBinding(task, binding, verdict, changes, 'uid'),
    );
  }
  task.connections.reportFailure(prepared.broker, outcome);
  if (outcome.reason === 'ConcurrencyError') {
    const queued = await giveWay(task, binding);
    if (queued !== undefined) return queued;
  }
  const next = attemptAfter(task, binding, outcome.retryAfterMs);
  const judgement = bindFailed(outcome, next, standing);
  await settle(task, binding, judgement);
  return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stopFor(1);
}
