import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { originatingIdentity } from '../brokers/originating-identity.ts';
import { nextAttempt } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import type { PollOutcome } from '../osb/outcome-types.ts';
import { deprovisionAgain, deprovisioned, isMitigating } from './deletion-result.ts';
import { instanceIdOf, type InstanceTask } from './instance-task.ts';
import { saveInstance, settle } from './save-instance.ts';
import { knownAtBroker, type KnownAtBroker } from './known-at-broker.ts';
import { isOverdue, pollAgain } from './polling.ts';
import { asyncProvisionFailed, provisioned } from './provision-outcome.ts';
import { asyncUpdateFailed, updated } from './update-outcome.ts';

/** `unreachable`: nobody could be asked, because the broker or its credentials are not there. */
type Polled = PollOutcome | { readonly kind: 'unreachable' };

/** GET …/last_operation (OSB, Polling Last Operation for Service Instances) for whatever operation is under way. */
export async function pollInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const key = objectKey(instance);
  if (!instance.status?.asyncOpInProgress) {
    task.polls.forget(key);
    return goOn(instance);
  }
  const isInterrupted =
    instance.metadata.deletionTimestamp !== undefined && operationOf(instance) !== 'deprovision';
  // A DELETE may be sent while the create is under way (OSB, Deprovisioning): do not make the user wait.
  if (isInterrupted && !isDeletionRefused(instance)) return goOn(instance);

  const waitMs = task.polls.waitMs(key);
  if (waitMs > 0) return stopFor(waitMs);
  const known = knownAtBroker(instance, task.stores);
  if (known === undefined) return stop;
  const polled = await poll(task, instance, known);
  if (task.signal.aborted) return stop;
  if (isInterrupted) return isGoingOn(task, instance, polled) ? pollAgain(task, instance) : goOn(instance);
  return operationOf(instance) === 'deprovision'
    ? settleDeletionPoll(task, instance, polled)
    : settleCreationPoll(task, instance, polled);
}

function operationOf({ status }: ServiceInstance): 'provision' | 'update' | 'deprovision' {
  if (status?.orphanMitigationInProgress || status?.currentOperation === 'Deprovision') return 'deprovision';
  return status?.currentOperation === 'Update' ? 'update' : 'provision';
}

/** The broker was asked to delete the instance already and said ConcurrencyError: see deprovision.ts. */
function isDeletionRefused({ metadata, status }: ServiceInstance): boolean {
  return status?.observedGeneration === metadata.generation && (status?.attempts ?? 0) > 0;
}

function isGoingOn(task: InstanceTask, instance: ServiceInstance, polled: Polled): boolean {
  const isOver = ['succeeded', 'failed', 'gone', 'absent'].includes(polled.kind);
  return !isOver && !isOverdue(task, instance);
}

async function poll(task: InstanceTask, instance: ServiceInstance, known: KnownAtBroker): Promise<Polled> {
  const connection = await task.connections.connect(known.broker, task.signal);
  if (connection.kind === 'unavailable') return { kind: 'unreachable' };
  const { spec, status } = instance;
  const polled = await connection.client.pollInstance(
    {
      instanceId: instanceIdOf(instance),
      serviceId: known.serviceId,
      planId: known.planId,
      operation: status?.lastOperation ?? undefined,
      of: operationOf(instance),
      identity: isMitigating(instance) ? undefined : originatingIdentity(spec.userInfo),
    },
    task.signal,
  );
  if (polled.kind === 'unclear') task.connections.reportFailure(known.broker, polled.failure);
  return polled;
}

async function settleCreationPoll(
  task: InstanceTask,
  instance: ServiceInstance,
  polled: Polled,
): Promise<Step<ServiceInstance>> {
  if (polled.kind === 'succeeded') {
    const properties = instance.status?.inProgressProperties ?? undefined;
    const judgement =
      operationOf(instance) === 'update'
        ? updated(instance, properties, undefined)
        : provisioned(instance, properties, undefined);
    await settle(task, instance, judgement);
    return stopFor(1);
  }
  if (polled.kind === 'failed') {
    return settleAsyncFailure(task, instance, polled.description ?? '(no description provided)', polled);
  }
  if (isOverdue(task, instance)) return settleAsyncFailure(task, instance, tooLong(instance), {});
  return keepPolling(task, instance, polled);
}

/** Running out of time counts as failed (OSB, Polling Interval and Duration). */
function tooLong({ status }: ServiceInstance): string {
  return `the broker had not finished by ${status?.operationDeadline ?? 'its deadline'}, the limit of the operation`;
}

async function settleAsyncFailure(
  task: InstanceTask,
  instance: ServiceInstance,
  description: string,
  flags: { readonly instanceUsable?: boolean; readonly updateRepeatable?: boolean },
): Promise<Step<ServiceInstance>> {
  const judgement =
    operationOf(instance) === 'update'
      ? asyncUpdateFailed(instance, description, flags)
      : asyncProvisionFailed(description, instance.status?.attempts ?? 0);
  await settle(task, instance, judgement);
  return stopFor(1);
}

async function settleDeletionPoll(
  task: InstanceTask,
  instance: ServiceInstance,
  polled: Polled,
): Promise<Step<ServiceInstance>> {
  if (polled.kind === 'succeeded' || polled.kind === 'gone') return deprovisioned(task, instance);
  const end = endOfDeletion(polled) ?? (isOverdue(task, instance) ? tooLong(instance) : undefined);
  if (end === undefined) return keepPolling(task, instance, polled);
  const { generation } = instance.metadata;
  const next = nextAttempt(instance.status ?? {}, generation, task.settings.retry, task.clock);
  return deprovisionAgain(task, instance, `Deprovision call failed: ${end}`, next);
}

/** Failed, or unknown to the broker: the DELETE is sent again and should be answered with 410. */
function endOfDeletion(polled: Polled): string | undefined {
  if (polled.kind === 'failed') return polled.description ?? '(no description provided)';
  return polled.kind === 'absent' ? 'the broker knows of no such operation (404)' : undefined;
}

/** Writes only when the broker has something new to say. */
async function keepPolling(
  task: InstanceTask,
  instance: ServiceInstance,
  polled: Polled,
): Promise<Step<ServiceInstance>> {
  const retryAfterMs = retryAfterOf(polled);
  const description = polled.kind === 'in-progress' ? polled.description : undefined;
  if (description === undefined || description === instance.status?.lastOperationDescription) {
    return pollAgain(task, instance, retryAfterMs);
  }
  const operation = operationOf(instance);
  const message = `${progressMessages[operation].message} (${description})`;
  const { reason } = progressMessages[operation];
  const verdict = isMitigating(instance)
    ? ({ kind: 'cleaning', reason, message } as const)
    : operation === 'deprovision'
      ? ({ kind: 'deleting', reason, message } as const)
      : ({ kind: 'working', reason, message, usable: operation === 'update' } as const);
  const noted = await saveInstance(task, instance, verdict, { lastOperationDescription: description }, 'uid');
  return pollAgain(task, noted, retryAfterMs);
}

function retryAfterOf(polled: Polled): number | undefined {
  if (polled.kind === 'in-progress') return polled.retryAfterMs;
  return polled.kind === 'unclear' ? polled.failure.retryAfterMs : undefined;
}

const progressMessages = {
  provision: { reason: 'Provisioning', message: 'The instance is being provisioned asynchronously' },
  update: { reason: 'UpdatingInstance', message: 'The instance is being updated asynchronously' },
  deprovision: { reason: 'Deprovisioning', message: 'The instance is being deprovisioned asynchronously' },
} as const;
