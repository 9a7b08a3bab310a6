import { findCondition } from '../api/conditions.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { adoptAnnotation, deletionPolicyAnnotation } from '../api/group.ts';
import { describeBroker } from '../brokers/broker-ref.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import { hasGivenId } from '../model/given-id.ts';
import type { Offering } from '../model/resolve.ts';
import type { FetchedInstance } from '../osb/types.ts';
import { adopt } from '../operations/adopt.ts';
import { adoptionOf } from '../operations/adoption.ts';
import { tellUnprepared, type Unprepared } from '../operations/attempt.ts';
import { idPauseMs } from '../operations/held-ids.ts';
import { record, tell } from '../operations/record.ts';
import { askForExisting, noteOfTakenUp, offeringAsFound, statingWhatIs } from './existing-service.ts';
import type { InstanceTask } from './instance-status.ts';
import { instanceIdOf } from './known-instance.ts';
import { provisioned } from './provision-outcome.ts';
import { prepareRequest, type ServiceRequest } from './service-request.ts';
import { waitForRoom } from './wait-for-room.ts';

const nothing = 'NothingToAdopt';
const unclear = 'AdoptUnclear';
const reasons: readonly (string | undefined)[] = [nothing, unclear];

/**
 * `servicecatalog.k8s.io/adopt`: the service exists, says a person. It is taken up as it is, and never made: no PUT is sent. Where
 * its class can be asked, the broker has to have it; else it is believed, but for what not everybody may have: a plan that only a
 * word stands for is as good as new.
 */
export async function adoptService(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  asked: ServiceRequest,
): Promise<Step<ServiceInstance>> {
  if (!hasGivenId(instance)) {
    const message =
      `${adoptAnnotation} is for a service that is there, and the id "${instanceIdOf(instance)}" was made for this object. Make it ` +
      'again with spec.externalID of the service, or take the annotation away, and a new service is made.';
    return tellUnprepared(task, instance, { kind: 'refused', reason: nothing, message });
  }
  const existing = await askForExisting(task, instance, offering, asked);
  // Stopped in the middle of the question.
  if (task.signal.aborted) return stop;
  switch (existing.kind) {
    case 'unclear':
      return tellUnprepared(task, instance, { ...existing, kind: 'missing' });
    case 'stranger':
      return tellUnprepared(task, instance, { ...existing, kind: 'refused' });
    case 'none': {
      const message =
        `The broker has nothing under the id "${instanceIdOf(instance)}", and ${adoptAnnotation} says that nothing is to be made. Give ` +
        'the id that the service has; or take the annotation away, and a new and empty service is made under this id.';
      return tellUnprepared(task, instance, { kind: 'refused', reason: nothing, message });
    }
    case 'not-asked':
      return (
        (await waitForRoom(task, instance, offering)) ??
        take(task, instance, { asked, taken: asked, dashboardUrl: undefined })
      );
    case 'found':
      return takeFound(task, instance, offering, asked, existing.service);
  }
}

async function takeFound(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  asked: ServiceRequest,
  service: FetchedInstance,
): Promise<Step<ServiceInstance>> {
  const found = offeringAsFound(task, instance, offering, service);
  // Of a plan that the broker does not show there is no more than the word of who asks.
  const isShown = service.planId === found.plan.spec.externalID;
  const waiting = isShown ? undefined : await waitForRoom(task, instance, found);
  if (waiting !== undefined) return waiting;
  const stated = await prepareRequest(task, instance, found);
  if (stated.kind !== 'prepared') return tellUnprepared(task, instance, stated);
  const [first, taken = first] = await statingWhatIs(task, stated, service);
  return take(task, instance, { asked, taken, dashboardUrl: service.dashboardUrl });
}

interface Found {
  /** What the spec asks for. */
  readonly asked: ServiceRequest;
  /** What is there, as far as is known. */
  readonly taken: ServiceRequest;
  readonly dashboardUrl: string | undefined;
}

/** As if it had been provisioned. Until the next change of the spec it stays as it is. */
async function take(
  task: InstanceTask,
  instance: ServiceInstance,
  { asked, taken, dashboardUrl }: Found,
): Promise<Step<ServiceInstance>> {
  const id = instanceIdOf(instance);
  const differs = noteOfTakenUp(asked, taken);
  const message =
    `The service "${id}" at ${describeBroker(taken.broker)} was taken up, and nothing was asked for. ` +
    (differs === undefined ? '' : `${differs.message} `) +
    `Deleting this object deletes it there, unless ${deletionPolicyAnnotation} is "retain"`;
  const event = differs?.event ?? 'Normal';
  const note = { message, event, isKept: true };
  const { changes } = provisioned(instance, taken.properties, dashboardUrl, note);
  const reason = 'AdoptedSuccessfully';
  const found = { ...changes, instanceID: id, defaultProvisionParameters: taken.defaults };
  const put = (): Promise<ServiceInstance> =>
    record(task, instance, { kind: 'ready', reason, message }, found);
  const saved = await task.ids.claim(task.kind, instance, put, task.signal);
  // The id is another's, or is about to be.
  if (saved === undefined) return stopFor(idPauseMs);
  tell(task, saved, event, { reason, message });
  await adopt(task, saved);
  return stop;
}

/** Something else has been said of it since, which is no change of the spec: it is looked at again. */
export function isAdoptionNews({ metadata, status }: ServiceInstance): boolean {
  const { kind } = adoptionOf({ metadata });
  if (kind === 'yes') return status?.provisionStatus !== 'Provisioned';
  return kind === 'no' && reasons.includes(findCondition(status?.conditions, 'Stalled')?.reason);
}

/** A word that was stored while no policy refused it: it may have meant that nothing is to be made. */
export function unclearAdoption(instance: ServiceInstance): Unprepared | undefined {
  const adoption = adoptionOf(instance);
  if (adoption.kind !== 'unclear') return undefined;
  const message =
    `Nothing is asked for: ${adoptAnnotation} is ${JSON.stringify(adoption.value)}. Write "true", and what the broker has under ` +
    'spec.externalID is taken up; or take the annotation away, and it is made where it is not there.';
  return { kind: 'refused', reason: unclear, message };
}
