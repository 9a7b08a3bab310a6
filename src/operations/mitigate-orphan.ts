import { findCondition } from '../api/conditions.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import type { BrokeredKind } from './brokered-kind.ts';
import { deleteAtBroker } from './delete-at-broker.ts';
import { heldBack, isHeldBack } from './held-back.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/** Deletes what a failed request may have left at the broker, until the broker confirms (OSB, Orphan Mitigation). */
export async function mitigateOrphan<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
): Promise<Step<O>> {
  if (!object.status?.orphanMitigationInProgress) return goOn(object);
  const known = findCondition(object.status.conditions, 'OrphanMitigation');
  const { reason = `Starting${kind.noun}OrphanMitigation`, message = '' } = known ?? {};
  if (isHeldBack(task, kind, object)) {
    await kind.save(object, heldBack(kind, object, message), {}, 'resourceVersion');
    return stop;
  }
  if (known?.status === 'True') return deleteAtBroker(task, kind, object);
  // Switched on again: whoever waits for it should see it start.
  const started = await kind.save(object, { kind: 'cleaning', reason, message }, {}, 'resourceVersion');
  return deleteAtBroker(task, kind, started);
}
