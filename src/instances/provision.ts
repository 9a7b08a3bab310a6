import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { Offering } from '../model/resolve.ts';
import { stop, type Step } from '../control/steps.ts';
import { attempt, tellUnprepared } from '../operations/attempt.ts';
import type { Telling } from '../operations/kind.ts';
import { record, settle } from '../operations/record.ts';
import type { InstanceTask } from './instance-status.ts';
import { instanceIdOf } from './known-instance.ts';
import { provisioned, provisionFailed } from './provision-outcome.ts';
import { retainedElsewhere } from './retain.ts';
import { prepareRequest } from './service-request.ts';

/** PUT /v2/service_instances/{id} (OSB, Provisioning), or its repetition after a crash. */
export async function provision(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
): Promise<Step<ServiceInstance>> {
  const removed = removedFromCatalog(offering);
  if (removed !== undefined) {
    await record(task, instance, { kind: 'working', ...removed });
    return stop;
  }
  const retained = await retainedElsewhere(task, instance);
  if (retained !== undefined) return tellUnprepared(task, instance, { kind: 'missing', ...retained });
  const prepared = await prepareRequest(task, instance, offering);
  if (prepared.kind !== 'prepared') return tellUnprepared(task, instance, prepared);

  const { broker, client, properties, defaults, serviceId, planId, identity } = prepared;
  const { context, organizationGuid, spaceGuid, parameters, maintenanceInfoVersion } = prepared;
  const className = offering.class.spec.externalName;
  return attempt(task, instance, {
    write: 'create',
    operation: 'Provision',
    broker,
    asksFor: properties,
    inFlight: {
      reason: 'ProvisionRequestInFlight',
      message: `Provision request for class "${className}" is in flight to the broker`,
    },
    changes: {
      defaultProvisionParameters: defaults,
      instanceID: instanceIdOf(instance),
      deprovisionStatus: 'Required',
    },
    send: async (intended) =>
      client.provision(
        {
          instanceId: instanceIdOf(intended),
          serviceId,
          planId,
          context,
          organizationGuid,
          spaceGuid,
          parameters,
          maintenanceInfoVersion,
          identity,
        },
        task.signal,
      ),
    done: async (intended, { body }) => {
      await settle(task, intended, provisioned(intended, properties, body.dashboardUrl));
      return stop;
    },
    accepted: ({ status }, { dashboardUrl }) => ({ dashboardURL: dashboardUrl ?? status?.dashboardURL }),
    failed: (_intended, failure, next, standing) => provisionFailed(failure, next, task.newId, standing),
  });
}

export function removedFromCatalog(offering: Offering): Telling | undefined {
  if (offering.class.status?.removedFromBrokerCatalog) {
    const message = `Class "${offering.class.spec.externalName}" has been deleted; cannot provision.`;
    return { reason: 'ReferencesDeletedServiceClass', message };
  }
  if (offering.plan.status?.removedFromBrokerCatalog) {
    const message = `Plan "${offering.plan.spec.externalName}" has been deleted; cannot provision.`;
    return { reason: 'ReferencesDeletedServicePlan', message };
  }
  return undefined;
}
