import { sleep } from '../base/abort.ts';
import type { Logger } from '../base/logger.ts';
import type { Checks } from '../observability/admin-server.ts';
import type { Metrics } from '../observability/metrics.ts';

export interface AnnounceReadyDeps {
  readonly checks: Checks;
  readonly metrics: Pick<Metrics, 'becameReady'>;
  readonly logger: Logger;
}

/** Finer than a probe, which asks every other second: how long a start takes is what a rolling restart waits for. */
const pollMs = 10;

/** Tells once, by log and metric, when all checks have passed for the first time, and how long that took. */
export async function announceReady(deps: AnnounceReadyDeps, signal: AbortSignal): Promise<void> {
  const { checks, metrics, logger } = deps;
  while (!Object.values(checks).every((check) => check())) {
    await sleep(pollMs, signal);
    if (signal.aborted) return;
  }
  const seconds = Number(process.uptime().toFixed(3));
  metrics.becameReady(seconds);
  logger.info({ seconds }, 'ready');
}
