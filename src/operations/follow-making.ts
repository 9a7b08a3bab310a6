import type { Step } from '../control/steps.ts';
import type { Verdict } from '../control/verdict.ts';
import type { BrokeredKind } from './brokered-kind.ts';
import type { BrokeredObject, OperationStatus } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';
import { operationDeadline, pollAgain } from './polling.ts';

/** The changes of an operation that has been accepted. */
export interface FollowedChanges extends Pick<OperationStatus, 'asyncOpInProgress' | 'operationDeadline'> {
  readonly lastOperation: string | undefined;
}

/**
 * A creation or update was accepted (202): it is polled from now on.
 * @param save writes these changes, and what else the answer said
 */
export async function followMaking<O extends BrokeredObject, D extends string>(
  task: OperationTask,
  kind: BrokeredKind<O, D>,
  object: O,
  { operation, retryAfterMs }: { readonly operation?: string; readonly retryAfterMs?: number },
  save: (verdict: Verdict, changes: FollowedChanges) => Promise<O>,
): Promise<Step<O>> {
  const progress = kind.progressOf(object);
  const followed = await save(
    { kind: 'working', ...progress },
    {
      asyncOpInProgress: true,
      lastOperation: operation,
      operationDeadline: operationDeadline(task, kind.atBroker(object)?.maxPollingSeconds),
    },
  );
  kind.event(followed, 'Normal', progress);
  return pollAgain(task, followed, retryAfterMs);
}
