import type { Stopwatch } from '../../base/stopwatch.ts';

/**
 * For how long this process has known that something is unused: by the stopwatch, whatever is written on the object. A
 * process that has just begun, and a backup that is being restored, have not seen everybody yet who asks.
 */
export class UnusedSince {
  readonly #stopwatch: Stopwatch;
  readonly #seen = new Map<string, { readonly time: string; readonly sinceMs: number }>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /** @param time as it is marked: with another one it has been used meanwhile */
  elapsedMs(uid: string, time: string): number {
    const nowMs = this.#stopwatch.elapsedMs();
    const known = this.#seen.get(uid);
    if (known?.time === time) return nowMs - known.sinceMs;
    this.#seen.set(uid, { time, sinceMs: nowMs });
    return 0;
  }

  forget(uid: string): void {
    this.#seen.delete(uid);
  }
}
