import { nextAttempt, waitMs, type NextAttempt } from '../control/attempts.ts';
import { goOn, stopFor, type Step } from '../control/steps.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { OperationDeps } from './operation-deps.ts';
import type { BrokeredObject } from './operation-status.ts';

const catalogFetchMs = 2000;

type Pace = Pick<OperationDeps, 'settings' | 'times'>;

/** Counts one more failed attempt of an object's operation. @param retryAfterMs can only make the wait longer */
export function attemptAfter(
  { settings, times }: Pace,
  object: BrokeredObject,
  retryAfterMs = 0,
): NextAttempt {
  return nextAttempt(object, settings.retry, times, retryAfterMs);
}

export function waitForNextAttempt<O extends BrokeredObject>({ settings, times }: Pace, object: O): Step<O> {
  const ms = waitMs(object, settings.retry, times);
  return ms > 0 ? stopFor(ms) : goOn(object);
}

/**
 * How long the next attempt has to wait at least, milliseconds. After MaintenanceInfoConflict the catalog is fetched
 * (OSB, Error Codes) before the request is made again with the version that it then has.
 */
export function pauseAfter({ reason, retryAfterMs = 0 }: Failure): number {
  return Math.max(retryAfterMs, reason === 'MaintenanceInfoConflict' ? catalogFetchMs : 0);
}
