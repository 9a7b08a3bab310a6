import { changed } from '../control/attempts.ts';
import type { ReconcileResult } from '../control/controller.ts';
import { goOn, type Step } from '../control/steps.ts';
import { objectKey } from '../kube/objects.ts';
import { syncRequestOf } from '../model/sync-request.ts';
import type { OperationTask } from './kind.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { PollPace } from './poll-pace.ts';
import { putStatus } from './record.ts';

/** However often somebody asks. */
const pauseMs = 10_000;

/**
 * Somebody wants the object looked at now: the next attempt, poll or look does not wait for its time. Attempts still count, so
 * that the pause after the next failure is as long as it would have been.
 */
export async function serveSyncRequest<O extends BrokeredObject>(
  task: OperationTask<O>,
  object: O,
): Promise<Step<O>> {
  const key = objectKey(object);
  const request = syncRequestOf(object);
  if (request === undefined || task.syncs.waitMs(key) > 0) return goOn(object);
  const changes = { nextAttemptTime: undefined, lastHandledSyncRequest: request };
  const served = await putStatus(task, object, changed<object>(object.status ?? {}, changes));
  task.syncs.postpone(key, pauseMs);
  task.polls.begin(key);
  task.kind.lookNow?.(served);
  return goOn(served);
}

/** As the run has said, or when a request that came too soon can be served. */
export function withSyncRequest(
  result: ReconcileResult | undefined,
  object: BrokeredObject | undefined,
  syncs: PollPace,
): ReconcileResult | undefined {
  if (object === undefined || syncRequestOf(object) === undefined) return result;
  const ms = syncs.waitMs(objectKey(object));
  return ms === 0 ? result : { requeueAfterMs: Math.min(ms, result?.requeueAfterMs ?? ms) };
}
