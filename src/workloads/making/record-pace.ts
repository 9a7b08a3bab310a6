import type { Stopwatch } from '../../base/stopwatch.ts';

/** A namespace in which nothing was seen under way for so long is quiet. */
const quietMs = 3_000;
/** No record waits longer, however much is under way. */
const longestMs = 60_000;

/**
 * When ids are written on workloads: what waits for them is a restore, so whatever is being made in that namespace goes first.
 * Lost with the process, which finds what is not on record yet at its first look.
 */
export class RecordPace {
  readonly #stopwatch: Stopwatch;
  /** When something was seen under way last, by namespace; the earliest first. */
  readonly #busy = new Map<string, number>();
  /** Since when there is something to write, by service. */
  readonly #since = new Map<string, number>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /** Something that is asked for in the namespace is not there yet. */
  underWay(namespace: string): void {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#busy.delete(namespace);
    this.#busy.set(namespace, nowMs);
    for (const [other, busyMs] of this.#busy) {
      if (nowMs - busyMs < quietMs) return;
      this.#busy.delete(other);
    }
  }

  /** For what is to be written for a service now: milliseconds until it may be; 0 for now. Longer each time, so that few ask. */
  waitMs(namespace: string, service: string): number {
    const nowMs = this.#stopwatch.elapsedMs();
    const sinceMs = this.#since.get(service) ?? nowMs;
    this.#since.set(service, sinceMs);
    const ageMs = nowMs - sinceMs;
    const quietInMs = quietMs - (nowMs - (this.#busy.get(namespace) ?? Number.NEGATIVE_INFINITY));
    if (quietInMs <= 0 || ageMs >= longestMs) return 0;
    return Math.max(quietInMs, Math.min(ageMs, longestMs - ageMs));
  }

  /** There is nothing to write for a service. */
  forget(service: string): void {
    this.#since.delete(service);
  }
}
