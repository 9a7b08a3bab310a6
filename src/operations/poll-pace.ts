import type { Stopwatch } from '../base/stopwatch.ts';

/**
 * When the next poll of each object is due. A reconcile run may come at any time, and the status that a poll writes
 * brings one at once; the broker's Retry-After holds all the same (OSB, Polling Interval and Duration). Kept in
 * memory, because a write for each poll would cost more than the poll: a restart is worth one early poll.
 */
export class PollPace {
  readonly #stopwatch: Stopwatch;
  readonly #dueMs = new Map<string, number>();
  readonly #unclear = new Map<string, number>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  postpone(key: string, delayMs: number): void {
    this.#dueMs.set(key, this.#stopwatch.elapsedMs() + delayMs);
  }

  /** Milliseconds until the object may be polled, 0 for now. */
  waitMs(key: string): number {
    return Math.max(0, (this.#dueMs.get(key) ?? 0) - this.#stopwatch.elapsedMs());
  }

  /** The poll is being made. */
  begin(key: string): void {
    this.#dueMs.delete(key);
  }

  /** Nobody knows how it goes. @returns how often that was so without a pause */
  countUnclear(key: string): number {
    const count = (this.#unclear.get(key) ?? 0) + 1;
    this.#unclear.set(key, count);
    return count;
  }

  /** The broker has said how it goes. */
  clear(key: string): void {
    this.#unclear.delete(key);
  }

  forget(key: string): void {
    this.begin(key);
    this.clear(key);
  }
}
