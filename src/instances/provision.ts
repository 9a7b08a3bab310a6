import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { cameBack } from '../model/given-id.ts';
import type { Offering } from '../model/resolve.ts';
import type { FetchedInstance } from '../osb/types.ts';
import { stop, type Step } from '../control/steps.ts';
import { adoptionOf } from '../operations/adoption.ts';
import { standingOf } from '../operations/answer-kind.ts';
import { attempt, tellUnprepared } from '../operations/attempt.ts';
import { refusedBySchema } from '../operations/check-parameters.ts';
import type { Telling } from '../operations/kind.ts';
import { record, settle } from '../operations/record.ts';
import { adoptService, unclearAdoption } from './adopt-service.ts';
import { labelsSaid, withLabels } from './broker-labels.ts';
import type { InstanceTask } from './instance-status.ts';
import { instanceIdOf } from './known-instance.ts';
import {
  askForExisting,
  noteOfNew,
  noteOfTakenUp,
  offeringAsFound,
  statingWhatIs,
} from './existing-service.ts';
import { provisioned, provisionFailed } from './provision-outcome.ts';
import { retainedElsewhere } from './retain.ts';
import { prepareRequest, type ServiceRequest } from './service-request.ts';
import { waitForRoom } from './wait-for-room.ts';

/** PUT /v2/service_instances/{id} (OSB, Provisioning), or its repetition after a crash. */
export async function provision(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
): Promise<Step<ServiceInstance>> {
  const isThere = adoptionOf(instance).kind === 'yes';
  const removed = isThere ? undefined : removedFromCatalog(offering);
  if (removed !== undefined) {
    await record(task, instance, { kind: 'working', ...removed });
    return stop;
  }
  const unclaimed = unclearAdoption(instance) ?? (await retainedElsewhere(task, instance));
  if (unclaimed !== undefined) return tellUnprepared(task, instance, unclaimed);
  const prepared = await prepareRequest(task, instance, offering);
  if (prepared.kind !== 'prepared') return tellUnprepared(task, instance, prepared);
  return isThere ? adoptService(task, instance, offering, prepared) : ask(task, instance, offering, prepared);
}

/** What the broker has under an id that was given decides what is put. */
async function ask(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  prepared: ServiceRequest,
): Promise<Step<ServiceInstance>> {
  const existing = await askForExisting(task, instance, offering, prepared);
  // Stopped in the middle of the question.
  if (task.signal.aborted) return stop;
  switch (existing.kind) {
    case 'unclear':
      return tellUnprepared(task, instance, { ...existing, kind: 'missing' });
    case 'stranger':
      return tellUnprepared(task, instance, { ...existing, kind: 'refused' });
    case 'none':
    case 'not-asked':
      return (await waitForRoom(task, instance, offering)) ?? putNew(task, instance, offering, prepared);
    case 'found':
      // An id that a person chose may be a stranger's by chance: then attributes that differ are the sign of it.
      if (!cameBack(instance)) return putNew(task, instance, offering, prepared);
      return takeUp(task, instance, offering, prepared, existing.service);
  }
}

async function putNew(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  asked: ServiceRequest,
): Promise<Step<ServiceInstance>> {
  // What is at the broker, or may be, is asked for again as it was, whatever the schema says by now.
  if (standingOf(instance) === 'first' && !cameBack(instance)) {
    const refused = await refusedBySchema(task, offering, 'instanceCreateParameterSchema', asked);
    if (refused !== undefined) return tellUnprepared(task, instance, refused);
  }
  return put(task, instance, offering, asked, [asked], false);
}

/** What is there is stated, and stays as it is, whatever the spec says: that may be older. */
async function takeUp(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  asked: ServiceRequest,
  service: FetchedInstance,
): Promise<Step<ServiceInstance>> {
  const found = offeringAsFound(task, instance, offering, service);
  const stated = await prepareRequest(task, instance, found);
  if (stated.kind !== 'prepared') return tellUnprepared(task, instance, stated);
  return put(task, instance, found, asked, await statingWhatIs(task, stated, service), true);
}

/**
 * @param asked what the spec asks for
 * @param requests what is sent; the second one where the broker has something else than the first under the id (409)
 */
async function put(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  asked: ServiceRequest,
  [first, second]: readonly [ServiceRequest, ServiceRequest?],
  isFound: boolean,
): Promise<Step<ServiceInstance>> {
  let sent = first;
  return attempt(task, instance, {
    write: 'create',
    operation: 'Provision',
    broker: first.broker,
    asksFor: first.properties,
    inFlight: {
      reason: 'ProvisionRequestInFlight',
      message: `Provision request for class "${offering.class.spec.externalName}" is in flight to the broker`,
    },
    changes: {
      defaultProvisionParameters: first.defaults,
      instanceID: instanceIdOf(instance),
      deprovisionStatus: 'Required',
    },
    send: async (intended) => {
      const instanceId = instanceIdOf(intended);
      const outcome = await first.client.provision({ ...first, instanceId }, task.signal);
      if (second === undefined || outcome.kind !== 'failed' || outcome.reason !== 'Conflict') return outcome;
      sent = second;
      return second.client.provision({ ...second, instanceId }, task.signal);
    },
    done: async (intended, { status, body }) => {
      const note = status === 201 ? noteOfNew(intended) : noteOfTakenUp(asked, sent);
      const ready = provisioned(intended, sent.properties, body.dashboardUrl, note);
      await settle(task, intended, withLabels(ready, body));
      return stop;
    },
    accepted: ({ status }, body) => ({
      // A 202 may be the answer to the second request.
      inProgressProperties: sent.properties,
      ...(isFound ? { existedBefore: true } : {}),
      dashboardURL: body.dashboardUrl ?? status?.dashboardURL,
      ...labelsSaid(body),
    }),
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
