import type { ServiceBinding, ServiceBindingStatus } from '../api/generated/service-binding.ts';
import { serviceBindings } from '../api/kinds.ts';
import { changed, timestamp } from '../control/attempts.ts';
import { writeStatus, type StatusGuard } from '../control/status-writer.ts';
import { statusOf, type Verdict } from '../control/verdict.ts';
import type { HeldIds } from '../operations/held-ids.ts';
import type { ChangesOf, JudgementOf } from '../operations/operation-status.ts';
import type { OperationTask } from '../operations/operation-task.ts';
import type { InstanceLanes } from './instance-lanes.ts';

/** What every step of one reconcile shares. */
export interface BindingTask extends OperationTask {
  readonly lanes: InstanceLanes;
  readonly ids: HeldIds<ServiceBinding>;
}

export type StatusChanges = ChangesOf<ServiceBindingStatus>;

/** What becomes of the status after an answer of the broker. */
export type Judgement = JudgementOf<ServiceBindingStatus>;

/** Writes the changes together with the conditions of the verdict: one write, none when nothing differs. */
export async function saveBinding(
  task: BindingTask,
  binding: ServiceBinding,
  verdict: Verdict,
  changes: StatusChanges = {},
  guard: StatusGuard = 'resourceVersion',
): Promise<ServiceBinding> {
  const status = binding.status ?? {};
  const now = timestamp(task.clock.now());
  const next = changed<ServiceBindingStatus>(status, {
    ...changes,
    ...statusOf(verdict, status, binding.metadata.generation ?? 0, now),
  });
  const { store } = task.stores.serviceBindings;
  return writeStatus(task.client, serviceBindings, binding, next, store, task.signal, guard);
}

export function bindingEvent(
  task: BindingTask,
  binding: ServiceBinding,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { group, version, kind } = serviceBindings;
  task.events.record({ ...binding, apiVersion: `${group}/${version}`, kind }, type, reason, message);
}

/** The id in use at the broker: `spec.externalID` for the first attempt, a fresh one after orphan mitigation. */
export function bindingIdOf(binding: ServiceBinding): string {
  return binding.status?.bindingID ?? binding.spec.externalID ?? '';
}

/** The Secret of a binding: named in the spec, else like the binding (Service Catalog's default). */
export function secretNameOf(binding: ServiceBinding): string {
  return binding.spec.secretName ?? binding.metadata.name;
}
