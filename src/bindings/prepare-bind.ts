import type { ServiceBinding, ServiceBindingPropertiesState } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { serviceBindings } from '../api/kinds.ts';
import { compact } from '../base/compact.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { objectParameters } from '../brokers/object-parameters.ts';
import type { ParameterOrigins } from '../brokers/parameters.ts';
import { contextOf } from '../brokers/request-context.ts';
import type { Offering } from '../model/resolve.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import type { BindRequest } from '../osb/types.ts';
import { standingOf } from '../operations/answer-kind.ts';
import { withoutParameters, type Unprepared } from '../operations/attempt.ts';
import { readSources } from './copied-keys.ts';
import { findSecret } from './credential-secret.ts';
import type { BindingTask } from './known-binding.ts';

export interface PreparedBind {
  readonly kind: 'prepared';
  readonly client: BrokerOperations;
  readonly broker: BrokerRef;
  readonly request: Omit<BindRequest, 'bindingId'>;
  readonly properties: ServiceBindingPropertiesState;
  readonly origins: ParameterOrigins | undefined;
  /** Its Secret came back from elsewhere: the broker has had this binding before. */
  readonly isReturned: boolean;
}

/** Everything that a PUT needs, or what is missing for it. */
export async function prepareBind(
  task: BindingTask,
  binding: ServiceBinding,
  instance: ServiceInstance,
  offering: Offering,
): Promise<PreparedBind | Unprepared> {
  const namespaceName = binding.metadata.namespace ?? '';
  const parameters = await objectParameters(task, serviceBindings, binding, undefined, task.signal);
  if (parameters.kind !== 'resolved') return withoutParameters(parameters);
  const namespace = task.stores.namespaces.store.get(namespaceName);
  if (namespace === undefined) {
    const message = `Failed to get namespace "${namespaceName}" during binding: it is not known yet`;
    return { kind: 'missing', reason: 'ErrorFindingNamespaceForInstance', message };
  }
  const sources = await readSources(task.client, binding, task.signal);
  if (sources.missing.length > 0) {
    const message = `${sources.missing.join('; ')}. Make it, or leave it out of a new ServiceBinding`;
    return { kind: 'missing', reason: 'ErrorWithSecretTransforms', message };
  }
  const secret = await findSecret(task.client, binding, careFor(binding), task.signal);
  if (secret.kind === 'refused') {
    return { kind: 'missing', reason: 'ErrorInjectingBindResult', message: secret.message };
  }
  const broker = brokerRefOf(offering.class);
  const connection = await task.connections.connect(broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') {
    return { kind: 'missing', reason: connection.reason, message: connection.message };
  }

  const clusterId = await task.clusterId.get(task.signal);
  const { context, appGuid } = contextOf({ clusterId, namespace, instanceName: instance.metadata.name });
  const ids = idsOf(instance, offering);
  const { userInfo } = binding.spec;
  return {
    kind: 'prepared',
    client: connection.client,
    broker,
    isReturned: secret.isReturned,
    origins: parameters.origins,
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
      // An unbind needs these, too, and may come when class and plan are gone.
      bindingRetrievable: offering.class.spec.bindingRetrievable,
      maximumPollingDurationSeconds: offering.plan.status?.maximumPollingDurationSeconds,
      parameters: parameters.redacted,
      parameterChecksum: parameters.checksum,
      userInfo,
    }),
  };
}

/** The first attempt goes without a dry run: a Secret that can not be stored is the exception. */
function careFor(binding: ServiceBinding): 'glance' | 'look' | 'probe' {
  if ((binding.status?.attempts ?? 0) > 0) return 'probe';
  return standingOf(binding) === 'first' ? 'glance' : 'look';
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
