import { sleep } from '../base/abort.ts';

const firstPauseMs = 5;
const longestPauseMs = 1000;

/**
 * How fast a controller may go while its runs fail: one at a time with growing pauses, whatever the keys. An API server
 * that can write nothing (a full etcd) fails every key, each with its own back-off, and all together would still be a
 * storm. A run that goes well halves the count, so a few bad keys among good ones slow nobody down.
 */
export class FailurePace {
  #failures = 0;
  /** By the monotonic clock. */
  #nextMs = 0;

  failed(): void {
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#nextMs = Math.max(this.#nextMs, performance.now() + this.#pauseMs);
  }

  succeeded(): void {
    this.#failures >>= 1;
    if (this.#failures === 0) this.#nextMs = 0;
  }

  /** Resolves when the next run may begin, or when the signal aborts. */
  async ready(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = this.#nextMs - performance.now();
      if (waitMs <= 0) break;
      await sleep(waitMs, signal);
    }
    if (this.#failures > 0) this.#nextMs = performance.now() + this.#pauseMs;
  }

  get #pauseMs(): number {
    return Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures);
  }
}
