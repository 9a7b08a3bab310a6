import { sleep } from '../base/abort.ts';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';

export interface FailurePaceDeps {
  readonly stopwatch?: Stopwatch | undefined;
  /** Resolves after so long by the stopwatch, or when the signal aborts. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

const firstPauseMs = 5;
const longestPauseMs = 1000;

/**
 * How fast a controller may go while its runs fail: one at a time with growing pauses, whatever the keys. An API server
 * that can write nothing (a full etcd) fails every key, each with its own back-off, and all together would still be a
 * storm. A run that goes well halves the count, so a few bad keys among good ones slow nobody down.
 */
export class FailurePace {
  readonly #stopwatch: Stopwatch;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  #failures = 0;
  /** By the stopwatch. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(deps: FailurePaceDeps = {}) {
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#sleep = deps.sleep ?? sleep;
  }

  failed(): void {
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#nextMs = Math.max(this.#nextMs, this.#stopwatch.elapsedMs() + this.#pauseMs);
  }

  succeeded(): void {
    this.#failures >>= 1;
    if (this.#failures === 0) this.#nextMs = Number.NEGATIVE_INFINITY;
  }

  /** Resolves when the next run may begin, or when the signal aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#nextMs - this.#stopwatch.elapsedMs();
      if (waitMs <= 0) break;
      await this.#sleep(waitMs, signal);
    }
    if (this.#failures > 0) this.#nextMs = this.#stopwatch.elapsedMs() + this.#pauseMs;
  }

  get #pauseMs(): number {
    return Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures);
  }
}
