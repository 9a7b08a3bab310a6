import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { nextAttempt } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { deprovisionAgain, deprovisioned } from './deletion-result.ts';
import { instanceIdOf, saveInstance, settle, type InstanceTask } from './instance-task.ts';
import { knownAtBroker } from './known-at-broker.ts';
import { isOverdue, pollAgain } from './polling.ts';
import { asyncProvisionFailed, provisioned } from './provision-outcome.ts';
import { asyncUpdateFailed, updated } from './update-outcome.ts';

/** GET …/last_operation (OSB, Polling Last Operation for Service Instances) for whatever operation is under way. */
export async function pollInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  if (!instance.status?.asyncOpInProgress) return goOn(instance);
  const isDeleting = instance.metadata.deletionTimestamp !== undefined;
  // A DELETE may be sent while the create is under way (OSB, Deprovisioning): do not make the user wait.
  if (isDeleting && instance.status.currentOperation !== 'Deprovision') return goOn(instance);

  const known = knownAtBroker(instance, task.stores);
  if (known === undefined) return stop;
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return pollAgain(task, instance);
  const outcome = await connection.client.pollInstance(
    {
      instanceId: instanceIdOf(instance),
      serviceId: known.serviceId,
      planId: known.planId,
      operation: instance.status.lastOperation ?? undefined,
      of: operationOf(instance),
      identity: originatingIdentity(instance.spec.userInfo),
    },
    task.signal,
  );
  if (task.signal.aborted) return stop;
  if (outcome.kind === 'unclear') task.connections.reportFailure(known.broker, outcome.failure);
  return operationOf(instance) === 'deprovision'
    ? settleDeletionPoll(task, instance, outcome)
    : settleCreationPoll(task, instance, outcome);
}

function operationOf({ status }: ServiceInstance): 'provision' | 'update' | 'deprovision' {
  if (status?.orphanMitigationInProgress || status?.currentOperation === 'Deprovision') return 'deprovision';
  return status?.currentOperation === 'Update' ? 'update' : 'provision';
}

async function settleCreationPoll(
  task: InstanceTask,
  instance: ServiceInstance,
  outcome: PollOutcome,
): Promise<Step<ServiceInstance>> {
  const status = instance.status ?? {};
  const isUpdate = operationOf(instance) === 'update';
  switch (outcome.kind) {
    case 'succeeded': {
      const properties = status.inProgressProperties ?? undefined;
      const { observedGeneration } = status;
      await settle(
        task,
        instance,
        isUpdate
          ? updated(instance, properties, undefined, observedGeneration)
          : provisioned(properties, undefined, observedGeneration),
      );
      return stopFor(1);
    }
    case 'failed':
      return settleAsyncFailure(task, instance, outcome.description ?? '(no description provided)', outcome);
    case 'in-progress':
    case 'gone':
    case 'absent':
    case 'unclear':
      if (isOverdue(task, instance)) {
        return settleAsyncFailure(task, instance, 'the operation took longer than its limit', {});
      }
      return keepPolling(task, instance, outcome);
  }
}

async function settleAsyncFailure(
  task: InstanceTask,
  instance: ServiceInstance,
  description: string,
  flags: { readonly instanceUsable?: boolean; readonly updateRepeatable?: boolean },
): Promise<Step<ServiceInstance>> {
  const judgement =
    operationOf(instance) === 'update'
      ? asyncUpdateFailed(description, flags)
      : asyncProvisionFailed(description, instance.status?.attempts ?? 0);
  await settle(task, instance, judgement);
  return stopFor(1);
}

async function settleDeletionPoll(
  task: InstanceTask,
  instance: ServiceInstance,
  outcome: PollOutcome,
): Promise<Step<ServiceInstance>> {
  if (outcome.kind === 'succeeded' || outcome.kind === 'gone') return deprovisioned(task, instance);
  const isFinal = outcome.kind === 'failed' || outcome.kind === 'absent' || isOverdue(task, instance);
  if (!isFinal) return keepPolling(task, instance, outcome);

  // Failed, unknown to the broker, or too slow: the DELETE is sent again and should be answered with 410.
  const next = nextAttempt(
    instance.status ?? {},
    instance.metadata.generation,
    task.settings.retry,
    task.clock,
  );
  const said =
    outcome.kind === 'failed' ? (outcome.description ?? '(no description provided)') : 'the broker lost it';
  return deprovisionAgain(task, instance, `Deprovision call failed: ${said}`, next);
}

/** Writes only when the broker has something new to say. */
async function keepPolling(
  task: InstanceTask,
  instance: ServiceInstance,
  outcome: PollOutcome,
): Promise<Step<ServiceInstance>> {
  const description = outcome.kind === 'in-progress' ? outcome.description : undefined;
  const retryAfterMs = outcome.kind === 'in-progress' ? outcome.retryAfterMs : undefined;
  if (description === undefined || description === instance.status?.lastOperationDescription) {
    return pollAgain(task, instance, retryAfterMs);
  }
  const operation = operationOf(instance);
  const message = `${progressMessages[operation].message} (${description})`;
  const { reason } = progressMessages[operation];
  const verdict = instance.status?.orphanMitigationInProgress
    ? ({ kind: 'cleaning', reason, message } as const)
    : operation === 'deprovision'
      ? ({ kind: 'deleting', reason, message } as const)
      : ({ kind: 'working', reason, message, usable: operation === 'update' } as const);
  const noted = await saveInstance(task, instance, verdict, { lastOperationDescription: description }, 'uid');
  return pollAgain(task, noted, retryAfterMs);
}

const progressMessages = {
  provision: { reason: 'Provisioning', message: 'The instance is being provisioned asynchronously' },
  update: { reason: 'UpdatingInstance', message: 'The instance is being updated asynchronously' },
  deprovision: { reason: 'Deprovisioning', message: 'The instance is being deprovisioned asynchronously' },
} as const;
