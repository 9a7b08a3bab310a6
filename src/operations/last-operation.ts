import type { OperationTask } from './kind.ts';
import { askedBy, type BrokeredObject } from './operation-status.ts';
import { retryAfterOf, type Polled } from './polling.ts';

/** GET …/last_operation, once (OSB, Polling Last Operation). */
export async function lastOperation<O extends BrokeredObject>(
  { kind, connections, stores, signal, turn }: OperationTask<O>,
  object: O,
): Promise<Polled> {
  const reach = kind.reach(object, stores);
  if (reach === undefined) return { kind: 'unreachable', message: 'nothing says which broker has it' };
  const connection = await connections.connect(reach.broker, signal, turn);
  if (connection.kind === 'unavailable') return { kind: 'unreachable', message: connection.message };
  const polled = await reach.poll(connection.client, askedBy(object), signal);
  if (polled.kind === 'unclear') connections.reportFailure(reach.broker, polled.failure);
  return polled;
}

/**
 * Asks once after a ConcurrencyError how it goes, where an operation of ours may be the reason: one that was given up, or
 * whose answer was lost. Some brokers end an operation only when they are asked, and nobody polls these. What they answer is
 * no news: the request that was refused comes again, not before the Retry-After that is returned (OSB, Blocking Operations).
 */
export async function askWhatIsPending<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
  isOurs: boolean,
): Promise<number> {
  return isOurs ? (retryAfterOf(await lastOperation(task, object)) ?? 0) : 0;
}
