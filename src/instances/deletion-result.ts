import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { finalizer } from '../api/group.ts';
import { serviceInstances } from '../api/kinds.ts';
import { attemptsEnded, deletionRetried, operationEnded } from '../brokers/operation.ts';
import { sentence } from '../base/sentence.ts';
import { nextAttempt, type NextAttempt } from '../control/attempts.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import type { InstanceTask } from './instance-task.ts';
import { instanceEvent, saveInstance } from './save-instance.ts';

/** The broker has confirmed that the instance is gone. */
export async function deprovisioned(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  return isMitigating(instance) ? orphanMitigated(task, instance) : releaseInstance(task, instance);
}

/** The object may go: the last thing that is written about an instance. */
export async function releaseInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const { store } = task.stores.serviceInstances;
  await removeFinalizer(task.client, serviceInstances, instance, finalizer, store, task.signal);
  instanceEvent(
    task,
    instance,
    'Normal',
    'DeprovisionedSuccessfully',
    'The instance was deprovisioned successfully',
  );
  return stop;
}

/** Waits for its turn and sends the DELETE again. */
export async function deprovisionAgain(
  task: InstanceTask,
  instance: ServiceInstance,
  message: string,
  next: NextAttempt,
): Promise<Step<ServiceInstance>> {
  const text = `${sentence(message)} Next attempt at ${next.nextAttemptTime}.`;
  const verdict = isMitigating(instance)
    ? ({ kind: 'cleaning', reason: 'OrphanMitigationFailed', message: text } as const)
    : ({ kind: 'deleting', reason: 'DeprovisionCallFailed', message: text } as const);
  await saveInstance(task, instance, verdict, deletionRetried(next), 'uid');
  instanceEvent(task, instance, 'Warning', verdict.reason, message);
  return stopFor(next.delayMs);
}

/** Deleting the object takes over from orphan mitigation: one DELETE serves both. */
export function isMitigating({ metadata, status }: ServiceInstance): boolean {
  return metadata.deletionTimestamp === undefined && status?.orphanMitigationInProgress === true;
}

/**
 * The broker is clean. Unless the failure was final, the next attempt starts after a pause and under a fresh id,
 * since ids should not be used again (OSB, Provisioning).
 */
async function orphanMitigated(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const status = instance.status ?? {};
  const cause = status.conditions?.find(({ type }) => type === 'OrphanMitigation')?.message ?? '';
  const { generation } = instance.metadata;
  // A failure that was final for an older spec says nothing about the one that stands there now.
  const failed = status.conditions?.find(
    (condition) =>
      condition.type === 'Failed' &&
      condition.status === 'True' &&
      condition.observedGeneration === generation,
  );
  const next = nextAttempt(status, generation, task.settings.retry, task.clock);
  const clean = {
    ...operationEnded,
    orphanMitigationInProgress: false,
    provisionStatus: 'NotProvisioned',
    deprovisionStatus: 'NotRequired',
    instanceID: task.newId(),
  } as const;

  instanceEvent(
    task,
    instance,
    'Normal',
    'OrphanMitigationSuccessful',
    'Orphan mitigation was completed successfully',
  );
  if (failed !== undefined) {
    const { reason } = failed;
    await saveInstance(
      task,
      instance,
      { kind: 'stalled', reason, message: cause, failedReason: reason },
      { ...clean, ...attemptsEnded },
      'uid',
    );
    return stop;
  }
  const { attempts, nextAttemptTime, delayMs } = next;
  await saveInstance(
    task,
    instance,
    { kind: 'retrying', reason: 'OrphanMitigationSuccessful', message: cause, nextAttemptTime },
    { ...clean, attempts, nextAttemptTime },
    'uid',
  );
  return stopFor(delayMs);
}
