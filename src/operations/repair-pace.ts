import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';

interface Tried {
  readonly times: number;
  readonly nextMs: number;
}

const maxPauseMs = 600_000;
const forgottenMs = 2 * maxPauseMs;

/**
 * How often something is put right because of a Secret. The first time at once; whoever keeps changing it, or a broker that does
 * not help, finds the pauses growing to ten minutes. In memory only: a process that begins anew begins with a short one.
 */
export class RepairPace {
  readonly #stopwatch: Stopwatch;
  readonly #firstMs: number;
  /** By the uid of the object; the oldest come first. */
  readonly #tried = new Map<string, Tried>();

  constructor(firstMs: number, stopwatch: Stopwatch = systemStopwatch) {
    this.#firstMs = firstMs;
    this.#stopwatch = stopwatch;
  }

  /** @returns whether it may be tried now, which is counted */
  enter(uid: string): boolean {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#forgetOld(nowMs);
    const { times, nextMs } = this.#tried.get(uid) ?? { times: 0, nextMs: nowMs };
    if (nextMs > nowMs) return false;
    this.#tried.delete(uid);
    const pauseMs = Math.min(maxPauseMs, this.#firstMs * 2 ** times);
    this.#tried.set(uid, { times: times + 1, nextMs: nowMs + pauseMs });
    return true;
  }

  /** Somebody has said something that may help: the next time is at once. */
  forget(uid: string): void {
    this.#tried.delete(uid);
  }

  #forgetOld(nowMs: number): void {
    for (const [uid, { nextMs }] of this.#tried) {
      if (nextMs + forgottenMs > nowMs) return;
      this.#tried.delete(uid);
    }
  }
}
