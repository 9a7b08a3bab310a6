import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { nextAttempt, timestamp } from '../control/attempts.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { DeletionAnswer } from '../osb/types.ts';
import type { Outcome } from '../osb/outcome-types.ts';
import { deprovisionAgain, deprovisioned, isMitigating, releaseInstance } from './deletion-result.ts';
import { heldBack, isHeldBack } from './held-back.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { saveInstance } from './save-instance.ts';
import { knownAtBroker, mayBeAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { operationTimes, pollAgain } from './polling.ts';

/** An instance that no broker has ever heard of goes without a call. */
export async function releaseUnlessAtBroker(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  return mayBeAtBroker(instance) ? goOn(instance) : releaseInstance(task, instance);
}

/** All bindings must be gone before the DELETE (OSB, Deprovisioning). Their removal brings the instance back here. */
export async function waitForBindings(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const bindings = task.stores.serviceBindings.store.byIndex('instance', objectKey(instance));
  if (bindings.length === 0) return goOn(instance);
  const shown = bindings
    .slice(0, 5)
    .map(({ metadata }) => metadata.name)
    .join(', ');
  const more = bindings.length > 5 ? ` and ${bindings.length - 5} more` : '';
  await saveInstance(task, instance, {
    kind: 'deleting',
    reason: 'DeprovisionBlockedByExistingCredentials',
    message: `All associated ServiceBindings must be removed before this ServiceInstance can be deleted: ${shown}${more}`,
  });
  return stop;
}

/** Deletes what a failed provision may have left at the broker, until the broker confirms (OSB, Orphan Mitigation). */
export async function mitigateOrphan(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (!instance.status?.orphanMitigationInProgress) return goOn(instance);
  const { conditions } = instance.status;
  const known = conditions?.find(({ type }) => type === 'OrphanMitigation');
  const { reason = 'StartingInstanceOrphanMitigation', message = '' } = known ?? {};
  if (isHeldBack(task, instance)) {
    await saveInstance(task, instance, heldBack(task, instance, message));
    return stop;
  }
  if (known?.status === 'True') return deprovision(task, instance);
  // Switched on again: whoever waits for it should see it start.
  return deprovision(task, await saveInstance(task, instance, { kind: 'cleaning', reason, message }));
}

/** DELETE /v2/service_instances/{id}. Never gives up: the object stays until the broker has confirmed. */
export async function deprovision(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const known = knownAtBroker(instance, task.stores);
  const next = nextAttempt(
    instance.status ?? {},
    instance.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  if (known === undefined) {
    const message =
      'The class of this instance is gone, so its broker can not be told; restore the class to go on';
    return deprovisionAgain(task, instance, message, next);
  }
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return deprovisionAgain(task, instance, connection.message, next);

  const intended = await recordDeletion(task, instance);
  const outcome = await connection.client.deprovision(
    {
      instanceId: instanceIdOf(intended),
      serviceId: known.serviceId,
      planId: known.planId,
      // Nobody asked for orphan mitigation (OSB, Originating Identity).
      identity: isMitigating(intended) ? undefined : originatingIdentity(intended.spec.userInfo),
    },
    task.signal,
  );
  if (task.signal.aborted) return stop;
  return settleDeletion(task, intended, known, outcome);
}

/**
 * Orphan mitigation is recorded already; an ordinary deletion is written down before it is sent. One that interrupts
 * what the broker is doing leaves the record of that as it is: the broker may want to finish it first.
 */
function recordDeletion(task: InstanceTask, instance: ServiceInstance): Promise<ServiceInstance> {
  if (isMitigating(instance) || isInterrupting(instance)) return Promise.resolve(instance);
  const isStarted = instance.status?.currentOperation === 'Deprovision';
  return saveInstance(
    task,
    instance,
    {
      kind: 'deleting',
      reason: 'DeprovisionRequestInFlight',
      message: 'Deprovision request for the instance is in flight to the broker',
    },
    {
      currentOperation: 'Deprovision',
      orphanMitigationInProgress: false,
      asyncOpInProgress: false,
      lastOperation: undefined,
      operationStartTime: isStarted ? instance.status?.operationStartTime : timestamp(task.clock.now()),
      attempts: isStarted ? instance.status?.attempts : undefined,
      nextAttemptTime: undefined,
    },
  );
}

async function settleDeletion(
  task: InstanceTask,
  instance: ServiceInstance,
  known: KnownAtBroker,
  outcome: Outcome<DeletionAnswer>,
): Promise<Step<ServiceInstance>> {
  if (outcome.kind === 'done') return deprovisioned(task, instance);
  if (outcome.kind === 'failed') {
    task.connections.reportFailure(known.broker, outcome);
    const { status = {}, metadata } = instance;
    const { retry } = task.settings;
    const next = nextAttempt(status, metadata.generation, retry, task.clock, outcome.retryAfterMs);
    if (outcome.reason === 'ConcurrencyError' && isInterrupting(instance)) {
      return waitForOperation(task, instance, next.attempts);
    }
    return deprovisionAgain(task, instance, `Deprovision call failed: ${outcome.message}`, next);
  }
  const message = 'The instance is being deprovisioned asynchronously';
  const accepted = await saveInstance(
    task,
    instance,
    { kind: isMitigating(instance) ? 'cleaning' : 'deleting', reason: 'Deprovisioning', message },
    {
      ...(isMitigating(instance) ? {} : { currentOperation: 'Deprovision' as const }),
      orphanMitigationInProgress: isMitigating(instance),
      asyncOpInProgress: true,
      lastOperation: outcome.operation,
      lastOperationDescription: undefined,
      operationStartTime: timestamp(task.clock.now()),
      ...operationTimes(task, instance, known.planId),
    },
    'uid',
  );
  return pollAgain(task, accepted, outcome.retryAfterMs);
}

/** The deletion comes while the broker is still creating or updating the instance. */
function isInterrupting({ status }: ServiceInstance): boolean {
  return status?.asyncOpInProgress === true && status.currentOperation !== 'Deprovision';
}

/** The broker does not let itself be interrupted: its operation is polled to the end, then the DELETE comes again. */
async function waitForOperation(
  task: InstanceTask,
  instance: ServiceInstance,
  attempts: number,
): Promise<Step<ServiceInstance>> {
  const message =
    'The broker is still busy with this instance (ConcurrencyError); it is deleted when that has ended';
  const verdict = { kind: 'deleting', reason: 'DeprovisionCallFailed', message } as const;
  return pollAgain(task, await saveInstance(task, instance, verdict, { attempts }, 'uid'));
}
