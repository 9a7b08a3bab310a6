import type { Stopwatch } from '../../base/stopwatch.ts';

/** Pods come in crowds: it is looked when no news has come for so long, */
const settleMs = 1_000;
/** or when the first is as old as this. */
const longestMs = 5_000;
/** By which a timer may be early. */
const earlyMs = 5;
/** Between two looks at the same namespace, so between two writes of the same status. */
const paceMs = 5_000;

/** When a namespace is looked at for which there is news: rolled up, however many Pods come and go. */
export class LookTimes {
  readonly #stopwatch: Stopwatch;
  readonly #planned = new Map<string, { readonly firstMs: number; readonly dueMs: number }>();
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
    const planned = this.#planned.get(namespace);
    if (planned !== undefined && planned.dueMs <= nowMs + earlyMs) {
      this.#planned.delete(namespace);
      this.#lookedMs.set(namespace, nowMs);
      return 0;
    }
    const firstMs = planned?.firstMs ?? nowMs;
    const lookedMs = this.#lookedMs.get(namespace);
    const restedMs = lookedMs === undefined ? 0 : lookedMs + paceMs;
    const dueMs = Math.max(Math.min(nowMs + settleMs, firstMs + longestMs), restedMs);
    this.#planned.set(namespace, { firstMs, dueMs });
    return dueMs - nowMs;
  }

  /** There is nothing to look at any more. */
  forget(namespace: string): void {
    this.#planned.delete(namespace);
    this.#lookedMs.delete(namespace);
  }
}
