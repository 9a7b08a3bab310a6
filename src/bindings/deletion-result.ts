import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { finalizer } from '../api/group.ts';
import { serviceBindings } from '../api/kinds.ts';
import { attemptsEnded, deletionRetried, operationEnded } from '../brokers/operation.ts';
import { nextAttempt, type NextAttempt } from '../control/attempts.ts';
import { removeFinalizer } from '../control/finalizer.ts';
import { stop, stopFor, type Step } from '../control/steps.ts';
import { removeSecret } from './credential-secret.ts';
import { bindingEvent, saveBinding, type BindingTask } from './binding-task.ts';

/** The broker has confirmed that the binding is gone. */
export async function unbound(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  return isMitigating(binding) ? orphanMitigated(task, binding) : releaseBinding(task, binding);
}

/** The Secret goes first, then the object may. */
export async function releaseBinding(
  task: BindingTask,
  binding: ServiceBinding,
): Promise<Step<ServiceBinding>> {
  await removeSecret(task.client, binding, task.signal);
  const { store } = task.stores.serviceBindings;
  await removeFinalizer(task.client, serviceBindings, binding, finalizer, store, task.signal);
  bindingEvent(task, binding, 'Normal', 'UnboundSuccessfully', 'The binding was deleted successfully');
  return stop;
}

/** Waits for its turn and sends the DELETE again. */
export async function unbindAgain(
  task: BindingTask,
  binding: ServiceBinding,
  message: string,
  next: NextAttempt,
): Promise<Step<ServiceBinding>> {
  const text = `${message} Next attempt at ${next.nextAttemptTime}.`;
  const verdict = isMitigating(binding)
    ? ({ kind: 'cleaning', reason: 'OrphanMitigationFailed', message: text } as const)
    : ({ kind: 'deleting', reason: 'UnbindCallFailed', message: text } as const);
  await saveBinding(task, binding, verdict, deletionRetried(next), 'uid');
  bindingEvent(task, binding, 'Warning', verdict.reason, message);
  return stopFor(next.delayMs);
}

/** Deleting the object takes over from orphan mitigation: one DELETE serves both. */
export function isMitigating({ metadata, status }: ServiceBinding): boolean {
  return metadata.deletionTimestamp === undefined && status?.orphanMitigationInProgress === true;
}

/**
 * The broker is clean. Unless the failure was final, the next attempt starts after a pause and under a fresh id,
 * since ids should not be used again (OSB, Binding).
 */
async function orphanMitigated(task: BindingTask, binding: ServiceBinding): Promise<Step<ServiceBinding>> {
  const status = binding.status ?? {};
  const cause = status.conditions?.find(({ type }) => type === 'OrphanMitigation')?.message ?? '';
  const failed = status.conditions?.find(({ type, status: value }) => type === 'Failed' && value === 'True');
  // What it may hold was revoked, whether anybody had read it or not.
  await removeSecret(task.client, binding, task.signal);
  const clean = {
    ...operationEnded,
    orphanMitigationInProgress: false,
    unbindStatus: 'NotRequired',
    bindingID: task.newId(),
  } as const;

  bindingEvent(
    task,
    binding,
    'Normal',
    'OrphanMitigationSuccessful',
    'Orphan mitigation was completed successfully',
  );
  if (failed !== undefined) {
    const { reason } = failed;
    await saveBinding(
      task,
      binding,
      { kind: 'stalled', reason, message: cause, failedReason: reason },
      { ...clean, ...attemptsEnded },
      'uid',
    );
    return stop;
  }
  const next = nextAttempt(status, binding.metadata.generation, task.settings.retry, task.clock);
  const { attempts, nextAttemptTime, delayMs } = next;
  await saveBinding(
    task,
    binding,
    { kind: 'retrying', reason: 'OrphanMitigationSuccessful', message: cause, nextAttemptTime },
    { ...clean, attempts, nextAttemptTime },
    'uid',
  );
  return stopFor(delayMs);
}
