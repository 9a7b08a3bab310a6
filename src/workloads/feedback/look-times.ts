import type { Stopwatch } from '../../base/stopwatch.ts';

/** Pods come in crowds: it is looked when the first ones have been there for so long. */
const settleMs = 1_000;
/** Between two looks at the same namespace, so between two writes of the same status. */
const paceMs = 5_000;

/** When a namespace is looked at for which there is news: rolled up, however many Pods come and go. */
export class LookTimes {
  readonly #stopwatch: Stopwatch;
  readonly #dueMs = new Map<string, number>();
  readonly #lookedMs = new Map<string, number>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /**
   * For somebody who has heard news.
   * @returns milliseconds until it is to be looked; 0 for now, which counts as a look
   */
  waitMs(namespace: string): number {
    const nowMs = this.#stopwatch.elapsedMs();
    const dueMs = this.#dueMs.get(namespace) ?? this.#plan(namespace, nowMs);
    if (dueMs > nowMs) return dueMs - nowMs;
    this.#dueMs.delete(namespace);
    this.#lookedMs.set(namespace, nowMs);
    return 0;
  }

  /** There is nothing to look at any more. */
  forget(namespace: string): void {
    this.#dueMs.delete(namespace);
    this.#lookedMs.delete(namespace);
  }

  #plan(namespace: string, nowMs: number): number {
    const lookedMs = this.#lookedMs.get(namespace);
    const restedMs = lookedMs === undefined ? 0 : lookedMs + paceMs;
    const dueMs = Math.max(nowMs + settleMs, restedMs);
    this.#dueMs.set(namespace, dueMs);
    return dueMs;
  }
}
