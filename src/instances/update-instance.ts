import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { nextAttempt, timestamp } from '../control/attempts.ts';
import { resolveOffering, type Offering } from '../control/resolve.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import type { InstanceAnswer } from '../osb/types.ts';
import { instanceIdOf, saveInstance, settle, type InstanceTask } from './instance-task.ts';
import { knownAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { operationTimes, pollAgain } from './polling.ts';
import { removedFromCatalog, waitForMissing } from './provision.ts';
import { asksTheSame, prepareRequest, type ServiceRequest } from './service-request.ts';
import { updated, updateFailed } from './update-outcome.ts';

/**
 * PATCH /v2/service_instances/{id} (OSB, Updating) with what differs from the last confirmed state, and only that.
 * Reached only by provisioned instances whose generation has not been dealt with.
 */
export async function updateInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const known = knownAtBroker(instance, task.stores);
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', task.stores);
  if (resolution.kind === 'unresolved' || known === undefined) return stop;
  const { offering } = resolution;
  const prepared = await prepareRequest(task, instance, offering);
  if (prepared.kind === 'blocked') return waitForMissing(task, instance, prepared.reason, prepared.message);

  const { request } = prepared;
  const wanted = request.properties;
  if (asksTheSame(instance.status?.externalProperties ?? {}, wanted) && !isRequested(instance)) {
    await settle(task, instance, updated(instance, undefined, undefined, instance.metadata.generation));
    return stop;
  }
  const refusal = refusePlanChange(offering, known);
  if (refusal !== undefined) {
    await saveInstance(task, instance, {
      kind: 'stalled',
      ...refusal,
      failedReason: refusal.reason,
      usable: true,
    });
    return stop;
  }

  const intended = await recordUpdate(task, instance, request);
  const outcome = await sendUpdate(task, intended, request, known);
  return settleUpdate(task, intended, request, known, outcome);
}

/** Somebody bumped `spec.updateRequests`: the update is sent even when nothing seems to have changed. */
function isRequested({ spec, status }: ServiceInstance): boolean {
  return (spec.updateRequests ?? 0) > (status?.handledUpdateRequests ?? 0);
}

/** Parameters of an entry that left the catalog may still change, its plan may not be chosen any more. */
function refusePlanChange(
  offering: Offering,
  known: KnownAtBroker,
): { readonly reason: string; readonly message: string } | undefined {
  return known.planId === offering.plan.spec.externalID ? undefined : removedFromCatalog(offering);
}

function recordUpdate(
  task: InstanceTask,
  instance: ServiceInstance,
  request: ServiceRequest,
): Promise<ServiceInstance> {
  const { status, metadata } = instance;
  return saveInstance(
    task,
    instance,
    {
      kind: 'working',
      reason: 'UpdateInstanceRequestInFlight',
      message: 'Update request for the instance is in flight to the broker',
      usable: true,
    },
    {
      currentOperation: 'Update',
      operationStartTime: status?.operationStartTime ?? timestamp(task.clock.now()),
      inProgressProperties: request.properties,
      attempts: status?.observedGeneration === metadata.generation ? status?.attempts : undefined,
      nextAttemptTime: undefined,
    },
  );
}

function sendUpdate(
  task: InstanceTask,
  instance: ServiceInstance,
  request: ServiceRequest,
  known: KnownAtBroker,
): Promise<Outcome<InstanceAnswer>> {
  const before = instance.status?.externalProperties;
  const hasNewParameters = (before?.parameterChecksum ?? '') !== (request.properties.parameterChecksum ?? '');
  return request.broker.update(
    {
      instanceId: instanceIdOf(instance),
      serviceId: request.serviceId,
      planId: known.planId === request.planId ? undefined : request.planId,
      // Parameters that were taken away are sent as an empty object: leaving them out would mean "no change".
      parameters: hasNewParameters ? (request.parameters ?? {}) : undefined,
      context: request.context,
      previousValues: { planId: known.planId, maintenanceInfoVersion: before?.maintenanceInfo?.version },
      identity: request.identity,
    },
    task.signal,
  );
}

async function settleUpdate(
  task: InstanceTask,
  instance: ServiceInstance,
  request: ServiceRequest,
  known: KnownAtBroker,
  outcome: Outcome<InstanceAnswer>,
): Promise<Step<ServiceInstance>> {
  if (task.signal.aborted) return stop;
  const { generation } = instance.metadata;
  if (outcome.kind === 'done') {
    await settle(
      task,
      instance,
      updated(instance, request.properties, outcome.body.dashboardUrl, generation),
    );
    return stop;
  }
  if (outcome.kind === 'accepted') {
    const message = 'The instance is being updated asynchronously';
    const accepted = await saveInstance(
      task,
      instance,
      { kind: 'working', reason: 'UpdatingInstance', message, usable: true },
      {
        asyncOpInProgress: true,
        lastOperation: outcome.operation,
        ...operationTimes(task, instance, known.planId),
        dashboardURL: outcome.body.dashboardUrl ?? instance.status?.dashboardURL,
      },
      'uid',
    );
    return pollAgain(task, accepted, outcome.retryAfterMs);
  }
  task.connections.reportFailure(known.broker, outcome);
  const { retryAfterMs } = outcome;
  const next = nextAttempt(instance.status ?? {}, generation, task.settings.retry, task.clock, retryAfterMs);
  const judgement = updateFailed(outcome, next);
  await settle(task, instance, judgement);
  return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stop;
}
