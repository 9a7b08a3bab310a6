import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { timestamp } from '../control/attempts.ts';
import { resolveOffering, type Offering } from '../control/resolve.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import type { InstanceAnswer } from '../osb/types.ts';
import { standingAt, standingOf } from '../operations/answer-kind.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { followMaking } from '../operations/follow-making.ts';
import { idPauseMs } from '../operations/held-ids.ts';
import { mitigationStarted } from '../operations/operation-status.ts';
import { pauseAfter } from '../operations/pause-after.ts';
import { brokeredInstance } from './brokered-instance.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { provisioned, provisionFailed } from './provision-outcome.ts';
import { saveInstance } from './save-instance.ts';
import { settle } from './settle-instance.ts';
import { asksTheSame, prepareRequest, type ServiceRequest } from './service-request.ts';

/** PUT /v2/service_instances/{id} (OSB, Provisioning), or its repetition after a crash. */
export async function provision(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (instance.status?.provisionStatus === 'Provisioned') return goOn(instance);
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', task.stores);
  if (resolution.kind === 'unresolved') return stop;
  const { offering } = resolution;
  const removed = removedFromCatalog(offering);
  if (removed !== undefined) {
    await saveInstance(task, instance, { kind: 'working', ...removed });
    return stop;
  }

  const prepared = await prepareRequest(task, instance, offering);
  if (prepared.kind === 'refused') return refuseParameters(task, instance, prepared.message);
  if (prepared.kind === 'blocked') return waitForMissing(task, instance, prepared.reason, prepared.message);
  const standing = standingOf(instance);
  if (standing === 'repeated' && asksForSomethingElse(instance, prepared.request)) {
    return cleanUpEarlierAttempt(task, instance);
  }

  const record = (): Promise<ServiceInstance> => recordIntent(task, instance, prepared.request, offering);
  const intended =
    standing === 'given'
      ? await task.ids.claim(brokeredInstance(task), instance, record, task.signal)
      : await record();
  // The id is another's, or is about to be.
  if (intended === undefined) return stopFor(idPauseMs);
  const outcome = await sendProvision(task, intended, prepared.request);
  return settleProvision(task, intended, prepared.request, outcome, standing);
}

function asksForSomethingElse({ status }: ServiceInstance, { properties }: ServiceRequest): boolean {
  return !asksTheSame(status?.inProgressProperties ?? {}, properties);
}

/** Nothing is sent until the spec is another. What there is stays usable. */
export async function refuseParameters(
  task: InstanceTask,
  instance: ServiceInstance,
  message: string,
): Promise<Step<ServiceInstance>> {
  const reason = 'ErrorWithParameters';
  const usable = instance.status?.provisionStatus === 'Provisioned';
  await saveInstance(task, instance, { kind: 'stalled', reason, message, failedReason: reason, usable });
  return stop;
}

/** Ready False with a reason and a next attempt: a Secret, a namespace or a broker is not there yet. */
export async function waitForMissing(
  task: InstanceTask,
  instance: ServiceInstance,
  reason: string,
  message: string,
): Promise<Step<ServiceInstance>> {
  const { attempts, nextAttemptTime, delayMs } = attemptAfter(task, instance);
  const usable = instance.status?.provisionStatus === 'Provisioned';
  await saveInstance(
    task,
    instance,
    { kind: 'retrying', reason, message, usable, nextAttemptTime },
    { attempts, nextAttemptTime },
  );
  return stopFor(delayMs);
}

export function removedFromCatalog(
  offering: Offering,
): { readonly reason: string; readonly message: string } | undefined {
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

/**
 * The spec was edited while nobody knows how an earlier attempt ended. The same id with other attributes would be
 * refused (409), so what may be there is removed first, and the new attempt gets a new id.
 */
async function cleanUpEarlierAttempt(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const message =
    'The spec changed during an attempt whose result is unknown; what it may have created is removed first';
  await settle(task, instance, {
    verdict: { kind: 'cleaning', reason: 'StartingInstanceOrphanMitigation', message },
    changes: mitigationStarted('Provision', undefined),
    event: 'Warning',
  });
  return stopFor(1);
}

/** Written before the request is sent, so that a crash can neither lose nor double a service. */
function recordIntent(
  task: InstanceTask,
  instance: ServiceInstance,
  { properties, defaults }: ServiceRequest,
  offering: Offering,
): Promise<ServiceInstance> {
  const { status, metadata } = instance;
  const isSameGeneration = status?.observedGeneration === metadata.generation;
  return saveInstance(
    task,
    instance,
    {
      kind: 'working',
      reason: 'ProvisionRequestInFlight',
      message: `Provision request for class "${offering.class.spec.externalName}" is in flight to the broker`,
    },
    {
      currentOperation: 'Provision',
      operationStartTime: status?.operationStartTime ?? timestamp(task.clock.now()),
      inProgressProperties: properties,
      defaultProvisionParameters: defaults,
      instanceID: instanceIdOf(instance),
      deprovisionStatus: 'Required',
      attempts: isSameGeneration ? status?.attempts : undefined,
      nextAttemptTime: undefined,
    },
  );
}

function sendProvision(
  task: InstanceTask,
  instance: ServiceInstance,
  request: ServiceRequest,
): Promise<Outcome<InstanceAnswer>> {
  const { serviceId, planId, context, organizationGuid, spaceGuid, parameters } = request;
  return request.broker.provision(
    {
      instanceId: instanceIdOf(instance),
      serviceId,
      planId,
      context,
      organizationGuid,
      spaceGuid,
      parameters,
      maintenanceInfoVersion: request.maintenanceInfoVersion,
      identity: request.identity,
    },
    task.signal,
  );
}

async function settleProvision(
  task: InstanceTask,
  instance: ServiceInstance,
  request: ServiceRequest,
  outcome: Outcome<InstanceAnswer>,
  standing: Standing,
): Promise<Step<ServiceInstance>> {
  // Stopped in the middle of the call: the intent stays, the next leader repeats the request.
  if (task.signal.aborted) return stop;
  switch (outcome.kind) {
    case 'done':
      await settle(task, instance, provisioned(instance, request.properties, outcome.body.dashboardUrl));
      return stop;
    case 'accepted':
      return followMaking(task, brokeredInstance(task), instance, outcome, async (verdict, changes) => {
        const dashboardURL = outcome.body.dashboardUrl ?? instance.status?.dashboardURL;
        return saveInstance(task, instance, verdict, { ...changes, dashboardURL }, 'uid');
      });
    case 'failed': {
      task.connections.reportFailure(request.brokerRef, outcome);
      const next = attemptAfter(task, instance, pauseAfter(outcome));
      const judgement = provisionFailed(outcome, next, task.newId, standingAt(standing, outcome));
      await settle(task, instance, judgement);
      return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stopFor(1);
    }
  }
}
