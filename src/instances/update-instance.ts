import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { timestamp } from '../control/attempts.ts';
import { resolveOffering } from '../control/resolve.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import type { InstanceAnswer } from '../osb/types.ts';
import { standingAt, standingOf } from '../operations/answer-kind.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { attemptAfter } from '../operations/attempt-steps.ts';
import { followMaking } from '../operations/follow-making.ts';
import { pauseAfter } from '../operations/pause-after.ts';
import { brokeredInstance } from './brokered-instance.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { saveInstance } from './save-instance.ts';
import { settle } from './settle-instance.ts';
import { knownAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { pendingChange, type PendingChange } from './pending-change.ts';
import { refusePlanChange } from './plan-change.ts';
import { refuseParameters, waitForMissing } from './provision.ts';
import { prepareRequest, type ServiceRequest } from './service-request.ts';
import { contextRefused, updated, updateFailed } from './update-outcome.ts';

/**
 * PATCH /v2/service_instances/{id} (OSB, Updating) with what differs from the last confirmed state, and only that.
 * Reached only by provisioned instances whose generation, or context, has not been dealt with.
 */
export async function updateInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const known = knownAtBroker(instance, task.stores);
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', task.stores);
  if (resolution.kind === 'unresolved' || known === undefined) return stop;
  const { offering } = resolution;
  const refusal = refusePlanChange(instance, known, offering, task.stores);
  if (refusal !== undefined) {
    const { reason } = refusal;
    await saveInstance(task, instance, { kind: 'stalled', ...refusal, failedReason: reason, usable: true });
    return stop;
  }
  const prepared = await prepareRequest(task, instance, offering);
  if (prepared.kind === 'refused') return refuseParameters(task, instance, prepared.message);
  if (prepared.kind === 'blocked') return waitForMissing(task, instance, prepared.reason, prepared.message);

  const { request } = prepared;
  const change = pendingChange(instance, offering, request);
  if (change === undefined) {
    await settle(task, instance, updated(instance, undefined, undefined));
    return stop;
  }
  const intended = await recordUpdate(task, instance, change);
  const outcome = await sendUpdate(task, intended, request, known, change);
  return settleUpdate(task, intended, known, change, outcome, standingOf(instance));
}

function recordUpdate(
  task: InstanceTask,
  instance: ServiceInstance,
  change: PendingChange,
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
      // An earlier update whose result nobody knows stays on record until one has succeeded.
      inProgressProperties: status?.inProgressProperties ?? change.properties,
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
  change: PendingChange,
): Promise<Outcome<InstanceAnswer>> {
  const { planId, parameters, maintenanceInfoVersion, context } = change;
  const before = instance.status?.externalProperties;
  return request.broker.update(
    {
      instanceId: instanceIdOf(instance),
      serviceId: request.serviceId,
      planId,
      parameters,
      maintenanceInfoVersion,
      context,
      previousValues: { planId: known.planId, maintenanceInfoVersion: before?.maintenanceInfo?.version },
      // Whoever changed an annotation is not known, and must not be made up (OSB, Originating Identity).
      identity: change.isContextOnly ? undefined : request.identity,
    },
    task.signal,
  );
}

async function settleUpdate(
  task: InstanceTask,
  instance: ServiceInstance,
  known: KnownAtBroker,
  change: PendingChange,
  outcome: Outcome<InstanceAnswer>,
  standing: Standing,
): Promise<Step<ServiceInstance>> {
  if (task.signal.aborted) return stop;
  if (outcome.kind === 'done') {
    await settle(task, instance, updated(instance, change.properties, outcome.body.dashboardUrl));
    return stop;
  }
  if (outcome.kind === 'accepted') {
    return followMaking(task, brokeredInstance(task), instance, outcome, async (verdict, changes) => {
      const dashboardURL = outcome.body.dashboardUrl ?? instance.status?.dashboardURL;
      const said = { inProgressProperties: change.properties, dashboardURL };
      return saveInstance(task, instance, verdict, { ...changes, ...said }, 'uid');
    });
  }
  task.connections.reportFailure(known.broker, outcome);
  if (change.isContextOnly && outcome.disposition === 'terminal' && outcome.instanceUsable !== false) {
    await settle(task, instance, contextRefused(instance, outcome, change.properties));
    return stop;
  }
  const next = attemptAfter(task, instance, pauseAfter(outcome));
  const judgement = updateFailed(instance, outcome, next, standingAt(standing, outcome));
  await settle(task, instance, judgement);
  return judgement.verdict.kind === 'retrying' ? stopFor(next.delayMs) : stop;
}
