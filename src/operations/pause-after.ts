import type { Failure } from '../osb/outcome-types.ts';

const catalogFetchMs = 2000;

/**
 * How long the next attempt has to wait at least, milliseconds. After MaintenanceInfoConflict the catalog is fetched
 * (OSB, Error Codes) before the request is made again with the version that it then has.
 */
export function pauseAfter({ reason, retryAfterMs = 0 }: Failure): number {
  return Math.max(retryAfterMs, reason === 'MaintenanceInfoConflict' ? catalogFetchMs : 0);
}
