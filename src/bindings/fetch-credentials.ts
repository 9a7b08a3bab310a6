import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { instanceKeyOf } from '../model/instance-of.ts';
import { offeringOf } from '../model/offering-of.ts';
import type { Offering } from '../model/resolve.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { Failure, FailureReason } from '../osb/outcome-types.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { attemptAfter } from '../operations/next-attempt.ts';
import { isOverdue } from '../operations/polling.ts';
import { record, settle } from '../operations/record.ts';
import { bindingOrphaned } from './bind-outcome.ts';
import { bindingIdOf, knownBinding, type BindingTask, type KnownBinding } from './known-binding.ts';
import { prepareBind } from './prepare-bind.ts';
import { storeCredentials } from './store-credentials.ts';

/** What the broker means when it says this about a binding that it has just called finished: it is not there. */
export const isFinal: ReadonlySet<FailureReason> = new Set(['NotFound', 'Gone', 'Rejected', 'Conflict']);

/** Brokers that are several servers may need a moment until all of them know of the binding. */
const maxFinalAnswers = 5;

/** An asynchronous binding is made. Recorded first: the broker may show its credentials to one request only. */
export async function beginFetch(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const message = 'The binding was created; its credentials are being fetched';
  const intended = await record(
    task,
    binding,
    { kind: 'working', reason: 'FetchingBinding', message },
    {
      currentOperation: 'Fetch',
      asyncOpInProgress: false,
      lastOperation: undefined,
      lastOperationDescription: undefined,
    },
    'uid',
  );
  return fetchCredentials(task, intended, false);
}

/** An earlier request for the credentials failed, or the process died before it had stored them. */
export async function resumeFetch(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  return binding.status?.currentOperation === 'Fetch' && !binding.status.orphanMitigationInProgress
    ? fetchCredentials(task, binding, true)
    : goOn(binding);
}

/**
 * GET …/service_bindings/{id} (OSB, Fetching a Service Binding), until the operation's deadline. A broker that has
 * not promised to answer it is asked to bind once more: repeated, a PUT is answered with what is there.
 */
async function fetchCredentials(
  task: BindingTask,
  binding: ServiceBinding,
  isRepeated: boolean,
): Promise<Step<ServiceBinding>> {
  const known = knownBinding(binding, task.stores);
  const source = sourceOf(task, binding);
  if (known === undefined || source === undefined) {
    return fetchAgain(task, binding, 'its instance, class or plan is not there');
  }
  const fetched = known.isRetrievable
    ? await getBinding(task, binding, known)
    : await bindOnceMore(task, binding, source);
  if (fetched.kind === 'done') {
    const whenMissing = isRepeated ? 'retry' : 'accept';
    return storeCredentials(
      task,
      binding,
      fetched.body,
      source.offering,
      known.isRetrievable ? whenMissing : 'fail',
    );
  }
  if (task.signal.aborted) return stop;
  if (fetched.kind === 'failed') task.connections.reportFailure(known.broker, fetched);
  return settleFailedFetch(task, binding, known, fetched);
}

async function settleFailedFetch(
  task: BindingTask,
  binding: ServiceBinding,
  known: KnownBinding,
  fetched: Exclude<Fetched, { kind: 'done' }>,
): Promise<Step<ServiceBinding>> {
  if (fetched.kind === 'unavailable') return fetchAgain(task, binding, fetched.message);
  if (fetched.kind === 'accepted') {
    return giveUp(task, binding, 'the broker answered 202 Accepted to a second request', 'fail');
  }
  const { message, retryAfterMs } = fetched;
  if (!isFinal.has(fetched.reason)) return fetchAgain(task, binding, message, retryAfterMs);
  if (!known.isRetrievable) return giveUp(task, binding, message, 'fail');
  const answers = (binding.status?.attempts ?? 0) + 1;
  return answers < maxFinalAnswers
    ? fetchAgain(task, binding, message, retryAfterMs)
    : giveUp(task, binding, message, 'retry');
}

export type Fetched =
  | { readonly kind: 'done'; readonly body: BindingAnswer }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unavailable'; readonly message: string }
  | Failure;

export async function getBinding(
  task: BindingTask,
  binding: ServiceBinding,
  { broker, instanceId, serviceId, planId }: KnownBinding,
): Promise<Fetched> {
  const connection = await task.connections.connect(broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') return connection;
  const identity = originatingIdentity(binding.spec.userInfo);
  const bindingId = bindingIdOf(binding);
  return connection.client.getBinding({ instanceId, bindingId, serviceId, planId, identity }, task.signal);
}

async function bindOnceMore(task: BindingTask, binding: ServiceBinding, source: Source): Promise<Fetched> {
  const prepared = await prepareBind(task, binding, source.instance, source.offering);
  if (prepared.kind !== 'prepared') return { kind: 'unavailable', message: prepared.message };
  return prepared.client.bind({ ...prepared.request, bindingId: bindingIdOf(binding) }, task.signal);
}

export interface Source {
  readonly instance: ServiceInstance;
  readonly offering: Offering;
}

/** Whether the instance could be bound now does not matter any more: it is. */
export function sourceOf({ stores }: BindingTask, binding: ServiceBinding): Source | undefined {
  const instance = stores.serviceInstances.store.get(instanceKeyOf(binding));
  if (instance === undefined) return undefined;
  const offering = offeringOf(instance, stores);
  return offering && { instance, offering };
}

/** The binding is there (OSB: keep remembering it): asks again until the operation's deadline. */
async function fetchAgain(
  task: BindingTask,
  binding: ServiceBinding,
  why: string,
  retryAfterMs = 0,
): Promise<Step<ServiceBinding>> {
  if (isOverdue(task, binding)) return giveUp(task, binding, why, 'fail');
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, binding, retryAfterMs);
  const message = `Could not do a GET on binding resource: ${why}`;
  await record(
    task,
    binding,
    { kind: 'retrying', reason: 'FetchingBindingFailed', message, nextAttemptTime },
    { attempts, nextAttemptTime },
    'uid',
  );
  return stopFor(delayMs);
}

async function giveUp(
  task: BindingTask,
  binding: ServiceBinding,
  why: string,
  then: 'retry' | 'fail',
): Promise<Step<ServiceBinding>> {
  const { attempts } = attemptAfter(task, binding);
  const message = `The credentials could not be fetched: ${why}`;
  await settle(task, binding, bindingOrphaned('FetchingBindingFailed', message, attempts, then));
  return stopFor(1);
}
