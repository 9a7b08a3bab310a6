import { finalizer } from '../api/group.ts';
import { nextAttempt, waitMs, type NextAttempt } from '../control/attempts.ts';
import { goOn, stop, stopFor, type Step } from '../control/steps.ts';
import type { BrokeredObject } from './operation-status.ts';
import type { OperationTask } from './operation-task.ts';

/** Counts one more failed attempt of an object's operation. @param retryAfterMs can only make the wait longer */
export function attemptAfter(
  { settings, times }: OperationTask,
  object: BrokeredObject,
  retryAfterMs = 0,
): NextAttempt {
  return nextAttempt(object, settings.retry, times, retryAfterMs);
}

/** Our finalizer is gone already; others may still hold the object. */
export function stopWhenReleased<O extends BrokeredObject>(object: O): Step<O> {
  return object.metadata.finalizers?.includes(finalizer) ? goOn(object) : stop;
}

export function waitForNextAttempt<O extends BrokeredObject>(
  { settings, times }: OperationTask,
  object: O,
): Step<O> {
  const ms = waitMs(object, settings.retry, times);
  return ms > 0 ? stopFor(ms) : goOn(object);
}
