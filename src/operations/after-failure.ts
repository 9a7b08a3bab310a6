import type { Failure } from '../osb/outcome-types.ts';

/** A retryable failure of a creation after which the broker may nevertheless hold the thing. */
export function mayExist(failure: Failure): boolean {
  return hasSuccessStatus(failure) || failure.reason === 'ConcurrencyError';
}

/** A retryable failure of an update after which the broker may nevertheless have carried it out. */
export function mayBeDone(failure: Failure): boolean {
  return hasSuccessStatus(failure) || failure.reason === 'Timeout' || failure.reason === 'ConnectionReset';
}

function hasSuccessStatus({ status = 0 }: Failure): boolean {
  return status >= 200 && status < 300;
}

const catalogFetchMs = 2000;

/**
 * How long the next attempt has to wait at least, milliseconds. After MaintenanceInfoConflict the catalog is fetched
 * (OSB, Error Codes) before the request is made again with the version that it then has.
 */
export function pauseAfter({ reason, retryAfterMs = 0 }: Failure): number {
  return Math.max(retryAfterMs, reason === 'MaintenanceInfoConflict' ? catalogFetchMs : 0);
}
