import { findCondition } from '../api/conditions.ts';
import { sentence } from '../base/sentence.ts';
import type { Verdict } from '../model/verdict.ts';
import { objectKey } from '../kube/objects.ts';
import type { Kind, OperationTask, Telling } from './kind.ts';
import { isDeletion, isMitigating, type BrokeredObject } from './operation-status.ts';
import { record, tell } from './record.ts';

/** The reason of the original Service Catalog. */
const unclearReason = 'ErrorPollingLastOperation';

/** A single bad answer is nothing that a person should read about. */
const firstTold = 3;

/** Tells what the broker says of an operation that goes on. Writes only when that is something new. */
export async function tellProgress<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  description: string | undefined,
): Promise<O> {
  task.polls.clear(objectKey(object));
  const known = object.status?.lastOperationDescription;
  const isNews = description !== undefined && description !== known;
  if (!isNews && !isToldUnclear(object)) return object;
  const progress = progressOf(task.kind, object);
  const words = description ?? known;
  const message = words ? `${progress.message} (${words})` : progress.message;
  const verdict = verdictOf(task.kind, object, { ...progress, message });
  return record(task, object, verdict, words ? { lastOperationDescription: words } : {}, 'uid');
}

/**
 * Polling goes on whatever the broker answers (OSB, Polling Last Operation), but not unseen: told with the third bad
 * answer in a row, and then at every doubling of their number, so that a bad hour costs a few writes.
 */
export async function tellUnclear<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  cause: string,
): Promise<O> {
  const count = task.polls.countUnclear(objectKey(object));
  if (!isWorthTelling(count)) return object;
  const deadline = object.status?.operationDeadline;
  const until = deadline ? ` until ${deadline}` : '';
  const problem = `Error polling last operation: ${cause}`;
  const message = `${sentence(problem)} The broker is asked again${until}.`;
  task.logger.warn({ kind: task.kind.noun, key: objectKey(object), polls: count, cause }, 'polls fail');
  tell(task, object, 'Warning', { reason: unclearReason, message: problem });
  return record(task, object, verdictOf(task.kind, object, { reason: unclearReason, message }), {}, 'uid');
}

function isWorthTelling(count: number): boolean {
  return count === firstTold || (count > firstTold && Number.isInteger(Math.log2(count / firstTold)));
}

function isToldUnclear({ status }: BrokeredObject): boolean {
  return findCondition(status?.conditions, 'Reconciling')?.reason === unclearReason;
}

function progressOf<O extends BrokeredObject>(
  { deletion, progressOf: makingOf }: Kind<O>,
  object: O,
): Telling & { readonly usable?: boolean } {
  return isDeletion(object, deletion.operation) ? deletion.underWay : makingOf(object);
}

function verdictOf<O extends BrokeredObject>(kind: Kind<O>, object: O, told: Telling): Verdict {
  if (isMitigating(object)) return { kind: 'cleaning', ...told };
  if (isDeletion(object, kind.deletion.operation)) return { kind: 'deleting', ...told };
  const { usable = false } = kind.progressOf(object);
  return { kind: 'working', ...told, usable };
}
