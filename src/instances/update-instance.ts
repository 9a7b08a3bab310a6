import type { ServiceInstance } from '../api/generated/service-instance.ts';
import type { Offering } from '../model/resolve.ts';
import { stop, type Step } from '../control/steps.ts';
import { attempt, tellUnprepared, type Unprepared } from '../operations/attempt.ts';
import { refusedChange } from '../operations/check-parameters.ts';
import { record, settle } from '../operations/record.ts';
import { labelsSaid, withLabels } from './broker-labels.ts';
import { isKeptAsFound, type InstanceTask } from './instance-status.ts';
import { instanceIdOf, knownInstance } from './known-instance.ts';
import { pendingChange, type PendingChange } from './pending-change.ts';
import { refusePlanChange } from './plan-change.ts';
import { prepareRequest, type ServiceRequest } from './service-request.ts';
import { contextRefused, updated, updateFailed } from './update-outcome.ts';
import { waitForRoom } from './wait-for-room.ts';

/**
 * PATCH /v2/service_instances/{id} (OSB, Updating) with what differs from the last confirmed state, and only that.
 * Reached only by provisioned instances whose generation, context or Secrets have not been dealt with.
 */
export async function updateInstance(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
): Promise<Step<ServiceInstance>> {
  const known = knownInstance(instance, task.stores);
  if (known === undefined) return stop;
  const refusal = isKeptAsFound(instance)
    ? undefined
    : refusePlanChange(instance, known, offering, task.stores);
  if (refusal !== undefined) {
    const { reason: failedReason } = refusal;
    await record(task, instance, { kind: 'stalled', ...refusal, failedReason, usable: true });
    return stop;
  }
  const request = await prepareRequest(task, instance, offering);
  if (request.kind !== 'prepared') return tellUnprepared(task, instance, request, true);

  const change = pendingChange(instance, offering, request);
  if (change === undefined) {
    await settle(task, instance, updated(instance, undefined, undefined));
    return stop;
  }
  const held = await heldUp(task, instance, offering, request, change);
  if (held !== undefined) return held;
  const { planId, parameters, maintenanceInfoVersion, context, properties } = change;
  const { client, serviceId } = request;
  const before = instance.status?.externalProperties;
  return attempt(task, instance, {
    write: 'update',
    operation: 'Update',
    broker: known.broker,
    asksFor: properties,
    inFlight: {
      reason: 'UpdateInstanceRequestInFlight',
      message: 'Update request for the instance is in flight to the broker',
      usable: true,
    },
    changes: { toldParameterChecksum: properties.parameterChecksum ?? '' },
    send: async (intended) =>
      client.update(
        {
          instanceId: instanceIdOf(intended),
          serviceId,
          planId,
          parameters,
          maintenanceInfoVersion,
          context,
          previousValues: { planId: known.planId, maintenanceInfoVersion: before?.maintenanceInfo?.version },
          // Whoever changed an annotation or a Secret is not known, and must not be made up (OSB, Originating Identity).
          identity: change.isAskedFor ? request.identity : undefined,
        },
        task.signal,
      ),
    done: async (intended, { body }) => {
      await settle(task, intended, withLabels(updated(intended, properties, body.dashboardUrl), body));
      return stop;
    },
    accepted: ({ status }, body) => ({
      inProgressProperties: properties,
      dashboardURL: body.dashboardUrl ?? status?.dashboardURL,
      ...labelsSaid(body),
    }),
    failed: (intended, failure, next, standing) => {
      const isRefused = failure.disposition === 'terminal' && failure.instanceUsable !== false;
      return change.isContextOnly && isRefused
        ? contextRefused(intended, failure, properties)
        : updateFailed(intended, failure, next, standing);
    },
  });
}

/** It waits for room in another plan, or its parameters do not fit. Which plan's schema counts while it changes, OSB does not say. */
async function heldUp(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering,
  request: ServiceRequest,
  { planId }: PendingChange,
): Promise<Step<ServiceInstance> | undefined> {
  if (planId !== undefined) return waitForRoom(task, instance, offering);
  if (isKeptAsFound(instance)) return undefined;
  const refused = await refusedUpdate(task, instance, offering, request);
  return refused && tellUnprepared(task, instance, refused, true);
}

/** Parameters that the broker has, or that it has been asked for already, are its own business. */
async function refusedUpdate(
  task: InstanceTask,
  { status }: ServiceInstance,
  offering: Offering,
  request: ServiceRequest,
): Promise<Unprepared | undefined> {
  const { externalProperties, inProgressProperties } = status ?? {};
  const asked = [externalProperties, inProgressProperties].map((known) => known?.parameterChecksum ?? '');
  if (asked.includes(request.properties.parameterChecksum ?? '')) return undefined;
  return refusedChange(task, offering, request, externalProperties?.parameters);
}
