import type { ServiceInstancePropertiesState, ServiceInstance } from '../api/generated/service-instance.ts';
import { maxDefaultParametersBytes } from '../api/free-form.ts';
import { serviceInstances } from '../api/kinds.ts';
import { compact } from '../base/compact.ts';
import type { JsonText } from '../base/json-text.ts';
import type { JsonObject } from '../base/json.ts';
import { brokerRefOf, type BrokerRef } from '../brokers/broker-ref.ts';
import { withDefaults } from '../api/default-parameters.ts';
import { objectParameters } from '../brokers/object-parameters.ts';
import type { ParameterOrigins } from '../brokers/parameters.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { Withheld } from '../control/withheld.ts';
import type { Offering } from '../model/resolve.ts';
import type { BrokerOperations } from '../osb/broker-operations.ts';
import type { OriginatingIdentity } from '../osb/types.ts';
import { withoutParameters, type Unprepared } from '../operations/attempt.ts';
import { instanceContext, type InstanceContext } from './instance-context.ts';
import type { InstanceTask } from './instance-status.ts';
import { mayBeAtBroker } from './known-instance.ts';

/** Everything a broker has to be told about an instance, and the record of it that goes into the status. */
export interface ServiceRequest extends InstanceContext {
  readonly kind: 'prepared';
  readonly client: BrokerOperations;
  readonly broker: BrokerRef;
  readonly serviceId: string;
  readonly planId: string;
  readonly parameters: JsonObject | JsonText | undefined;
  readonly origins: ParameterOrigins | undefined;
  /** Those of class and plan that went into the parameters. */
  readonly defaults: JsonObject | undefined;
  readonly maintenanceInfoVersion: string | undefined;
  readonly identity: OriginatingIdentity | undefined;
  /** What is asked for, with secret parameters redacted. */
  readonly properties: ServiceInstancePropertiesState;
}

/** Gathers parameters, credentials and context. */
export async function prepareRequest(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
): Promise<ServiceRequest | Unprepared> {
  const namespace = instance.metadata.namespace ?? '';
  const defaults = defaultsOf(instance, offering);
  if (defaults === 'too-large') {
    const message =
      'The parameters could not be prepared: the default parameters of its class or plan have more than the ' +
      `${maxDefaultParametersBytes} bytes that are allowed.`;
    return withoutParameters({ kind: 'unavailable', message });
  }
  const parameters = await objectParameters(task, serviceInstances, instance, defaults, task.signal);
  if (parameters.kind !== 'resolved') return withoutParameters(parameters);
  const context = await instanceContext(task, instance, offering);
  if (context === undefined) {
    const message = `Failed to get namespace "${namespace}": it is not known yet`;
    return { kind: 'missing', reason: 'ErrorFindingNamespaceForInstance', message };
  }
  const broker = brokerRefOf(offering.class);
  const connection = await task.connections.connect(broker, task.signal, task.turn);
  if (connection.kind === 'unavailable') {
    return { kind: 'missing', reason: connection.reason, message: connection.message };
  }

  const record = compact({
    serviceID: offering.class.spec.externalID,
    planID: offering.plan.spec.externalID,
    broker: { kind: broker.kind, name: broker.name },
    parameters: parameters.redacted,
    parameterChecksum: parameters.checksum,
    contextChecksum: context.contextChecksum,
    maintenanceInfo: offering.plan.status?.maintenanceInfo,
    userInfo: instance.spec.userInfo,
  });
  return {
    kind: 'prepared',
    ...context,
    client: connection.client,
    broker,
    serviceId: record.serviceID,
    planId: record.planID,
    parameters: parameters.parameters,
    origins: parameters.origins,
    defaults,
    maintenanceInfoVersion: record.maintenanceInfo?.version,
    identity: originatingIdentity(record.userInfo),
    properties: { ...planNames(offering), ...record },
  };
}

/**
 * `defaultProvisionParameters` of class and plan, as they are when the instance is made. What may be at the broker keeps
 * those that it was made with: a repeated request is the same, and nobody's instance changes because a default does.
 */
function defaultsOf(
  instance: ServiceInstance,
  { class: ofClass, plan }: Offering,
): JsonObject | 'too-large' | undefined {
  if (mayBeAtBroker(instance)) return instance.status?.defaultProvisionParameters;
  const [common, own = {}] = [ofClass, plan].map(({ spec }) => spec.defaultProvisionParameters);
  if (common instanceof Withheld || own instanceof Withheld) return 'too-large';
  const defaults = withDefaults(common, own);
  return Object.keys(defaults).length === 0 ? undefined : defaults;
}

/** The fields of the original Service Catalog: the cluster ones are always there. */
function planNames({ scope, plan }: Offering): ServiceInstancePropertiesState {
  const { externalName, externalID } = plan.spec;
  return scope === 'cluster'
    ? { clusterServicePlanExternalName: externalName, clusterServicePlanExternalID: externalID }
    : {
        clusterServicePlanExternalName: '',
        clusterServicePlanExternalID: '',
        servicePlanExternalName: externalName,
        servicePlanExternalID: externalID,
      };
}
