import type { ServiceBinding, ServiceBindingPropertiesState } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { resolveParameters } from '../brokers/parameters.ts';
import { contextOf } from '../brokers/request-context.ts';
import { nextAttempt, timestamp } from '../control/attempts.ts';
import type { Offering } from '../control/resolve.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { BrokerClient } from '../osb/broker-client.ts';
import type { BindRequest, BindingAnswer } from '../osb/types.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import { bindFailed, bindingOrphaned } from './bind-outcome.ts';
import { findBindableInstance } from './bindable-instance.ts';
import { bindingIdOf, saveBinding, settle, type BindingTask } from './binding-task.ts';
import { findForeignSecret } from './credential-secret.ts';
import { operationDeadline, pollAgain } from './polling.ts';
import { storeCredentials } from './store-credentials.ts';
import { transformProblem } from './transforms.ts';

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
      'The parameters changed during an attempt whose result is unknown; what it may have left goes first';
    await settle(task, binding, bindingOrphaned('BindCallFailed', message, undefined, 'retry'));
    return stopFor(1);
  }

  const intended = await recordIntent(task, binding, prepared.properties);
  const outcome = await prepared.client.bind(
    { ...prepared.request, bindingId: bindingIdOf(intended) },
    task.signal,
  );
  return settleBind(task, intended, prepared, outcome);
}

/** An earlier attempt was left unfinished with other parameters: the same id would be refused (409). */
function asksForSomethingElse({ status }: ServiceBinding, wanted: ServiceBindingPropertiesState): boolean {
  const earlier = status?.inProgressProperties;
  return earlier !== undefined && (earlier.parameterChecksum ?? '') !== (wanted.parameterChecksum ?? '');
}

interface PreparedBind {
  readonly kind: 'prepared';
  readonly client: BrokerClient;
  readonly broker: BrokerRef;
  readonly offering: Offering;
  readonly request: Omit<BindRequest, 'bindingId'>;
  readonly properties: ServiceBindingPropertiesState;
}

type Blocked = { readonly kind: 'blocked'; readonly reason: string; readonly message: string };

async function prepareBind(
  task: BindingTask,
  binding: ServiceBinding,
  instance: ServiceInstance,
  offering: Offering,
): Promise<PreparedBind | Blocked> {
  const namespaceName = binding.metadata.namespace ?? '';
  const parameters = await resolveParameters(binding.spec, namespaceName, task.client, task.signal);
  if (parameters.kind === 'unavailable') {
    return { kind: 'blocked', reason: 'ErrorWithParameters', message: parameters.message };
  }
  const namespace = task.stores.namespaces.store.get(namespaceName);
  if (namespace === undefined) {
    const message = `Failed to get namespace "${namespaceName}" during binding: it is not known yet`;
    return { kind: 'blocked', reason: 'ErrorFindingNamespaceForInstance', message };
  }
  // The first attempt goes without a look at the Secret: a name that is taken is the exception.
  if ((binding.status?.attempts ?? 0) > 0) {
    const secret = await findForeignSecret(task.client, binding, task.signal);
    if (secret.kind === 'foreign') {
      return { kind: 'blocked', reason: 'ErrorInjectingBindResult', message: secret.message };
    }
  }
  const broker = brokerRefOf(offering.class);
  const connection = await task.connections.connect(broker, task.signal);
  if (connection.kind === 'unavailable') {
    return { kind: 'blocked', reason: connection.reason, message: connection.message };
  }

  const clusterId = await task.clusterId.get(task.signal);
  const { context, appGuid } = contextOf({ clusterId, namespace, instanceName: instance.metadata.name });
  const ids = idsOf(instance, offering);
  const { userInfo } = binding.spec;
  return {
    kind: 'prepared',
    client: connection.client,
    broker,
    offering,
    request: {
      ...ids,
      context,
      appGuid,
      parameters: parameters.parameters,
      // Without `bindings_retrievable` the credentials of an asynchronous binding could never be fetched.
      acceptsIncomplete: offering.class.spec.bindingRetrievable ?? false,
      identity: originatingIdentity(userInfo),
    },
    properties: compact({
      serviceID: ids.serviceId,
      planID: ids.planId,
      instanceID: ids.instanceId,
      broker: { kind: broker.kind, name: broker.name },
      parameters: parameters.redacted,
      parameterChecksum: parameters.checksum,
      userInfo,
    }),
  };
}

/** The plan is the one that the broker knows, which during a plan change is not the one of the spec. */
function idsOf(
  { spec, status }: ServiceInstance,
  { class: serviceClass, plan }: Offering,
): { readonly instanceId: string; readonly serviceId: string; readonly planId: string } {
  return {
    instanceId: status?.instanceID ?? spec.externalID ?? '',
    serviceId: serviceClass.spec.externalID,
    planId: status?.externalProperties?.planID ?? plan.spec.externalID,
  };
}

/** Ready False with a reason and a next attempt: a Secret, a namespace or a broker is not there yet. */
async function waitForMissing(
  task: BindingTask,
  binding: ServiceBinding,
  reason: string,
  message: string,
): Promise<Step<ServiceBinding>> {
  const next = nextAttempt(
    binding.status ?? {},
    binding.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  const { attempts, nextAttemptTime, delayMs } = next;
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
  properties: ServiceBindingPropertiesState,
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
      nextAttemptTime: undefined,
    },
  );
}

async function settleBind(
  task: BindingTask,
  binding: ServiceBinding,
  prepared: PreparedBind,
  outcome: Outcome<BindingAnswer>,
): Promise<Step<ServiceBinding>> {
  // Even when we are being stopped: credentials that have arrived may never be handed out again.
  if (outcome.kind === 'done') return storeCredentials(task, binding, outcome.body, prepared.offering);
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
        operationDeadline: operationDeadline(task, prepared.offering),
      },
      'uid',
    );
    return pollAgain(task, accepted, outcome.retryAfterMs);
  }
  task.connections.reportFailure(prepared.broker, outcome);
  const { generation } = binding.metadata;
  const { retryAfterMs } = outcome;
  const next = nextAttempt(binding.status ?? {}, generation, task.settings.retry, task.clock, retryAfterMs);
  const judgement = bindFailed(outcome, next);
  await settle(task, binding, judgement);
  return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stopFor(1);
}
