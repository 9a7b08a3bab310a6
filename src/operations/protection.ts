import { findCondition } from '../api/conditions.ts';
import { deletionProtectionAnnotation } from '../api/group.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import { isProtected } from '../model/protection.ts';
import { isHeldBack } from './clean-up-guard.ts';
import type { OperationTask, Telling } from './kind.ts';
import { isDeletion, type BrokeredObject } from './operation-status.ts';
import { record, tell } from './record.ts';

/**
 * Admission refuses to delete what is protected. This is for what was deleted before it was protected, or while no policy was in
 * force: nothing brings the object back, but what it stands for stays at the broker.
 */
export async function waitWhileProtected<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  if (!isProtected(object)) return goOn(object);
  if (isDeletionSent(task, object)) {
    tell(task, object, 'Warning', tooLate);
    return goOn(object);
  }
  await record(task, object, { kind: 'deleting', ...isInTheWay, isRefused: true });
  return stop;
}

/** The DELETE is on its way, or may be: nothing brings back what it takes. */
export function isDeletionSent<O extends BrokeredObject>(task: OperationTask<O>, object: O): boolean {
  const { operation, inFlight } = task.kind.deletion;
  if (findCondition(object.status?.conditions, 'Ready')?.reason === inFlight.reason) return true;
  return isDeletion(object, operation) && !isHeldBack(task, object);
}

const isInTheWay: Telling = {
  reason: 'DeletionProtected',
  message:
    `It was deleted, and nothing is done at the broker while ${deletionProtectionAnnotation} is "true". Take that annotation away, ` +
    'and it is deleted there. The object can not be brought back: to keep the service of an instance, write ' +
    'servicecatalog.k8s.io/deletion-policy: retain before you do that.',
};

const tooLate: Telling = {
  reason: 'ProtectionTooLate',
  message: 'The broker has been asked to delete it already: it can not be protected any more',
};
