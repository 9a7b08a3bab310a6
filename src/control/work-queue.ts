import { backoffMs, type BackoffOptions } from '../base/backoff.ts';
import { FairQueue } from './fair-queue.ts';

export interface WorkQueueOptions {
  /** Delays of `retry`. @default 5 ms … 30 s: an API server that is back is used soon */
  readonly backoff?: BackoffOptions | undefined;
}

interface Delayed {
  readonly dueMs: number;
  readonly timer: NodeJS.Timeout;
}

const longestTimerMs = 2 ** 31 - 1;
/** News of a key that failed cut its back-off short, but not below this: whoever fails may be what makes the news. */
const longestHoldMs = 1000;

/**
 * Keys to work on, each at most once at a time. The rules are those of client-go's work queue:
 * a key added twice waits once; a key added while it is worked on is handed out once more after `done`. One is of our own:
 * whoever gets a key says anew when to come back, as after a restart, so what was planned before is forgotten.
 */
export class WorkQueue {
  readonly #backoff: BackoffOptions;
  readonly #ready = new FairQueue();
  /** Added and not yet handed out. */
  readonly #dirty = new Set<string>();
  /** Handed out and not yet done. */
  readonly #processing = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  /** Keys that failed, and until when nobody gets them again. */
  readonly #heldUntilMs = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #isDraining = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#backoff = options.backoff ?? { initialMs: 5, maxMs: 30_000 };
  }

  /** Keys that wait for a worker; without those that wait for their time. */
  get depth(): number {
    return this.#ready.length;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** A key that has just failed is added when it has been left alone for a while. */
  add(key: string): void {
    if (this.#dirty.has(key)) return;
    const holdMs = (this.#heldUntilMs.get(key) ?? 0) - performance.now();
    if (holdMs > 0) return this.addAfter(key, holdMs);
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#offer(key);
  }

  /** Adds the key later. Of several delays the one that ends first wins. */
  addAfter(key: string, delayMs: number): void {
    if (!(delayMs > 0)) return this.add(key);
    const wait = Math.min(delayMs, longestTimerMs);
    const dueMs = performance.now() + wait;
    const planned = this.#delayed.get(key);
    if (planned !== undefined) {
      if (planned.dueMs <= dueMs) return;
      clearTimeout(planned.timer);
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, wait);
    timer.unref();
    this.#delayed.set(key, { dueMs, timer });
  }

  /**
   * Counts one more failure of the key and adds it after its back-off.
   * @param atLeastMs a longer wait that somebody asked for (Retry-After)
   * @returns the delay, milliseconds
   */
  retry(key: string, atLeastMs = 0): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    const delayMs = Math.max(atLeastMs, backoffMs(failures, this.#backoff));
    const holdMs = Math.min(delayMs, longestHoldMs);
    this.#heldUntilMs.set(key, performance.now() + holdMs);
    // What was added during the run that failed waits as well.
    const hasNews = this.#processing.has(key) && this.#dirty.delete(key);
    this.addAfter(key, hasNews ? holdMs : delayMs);
    return delayMs;
  }

  /** How often the key failed since it was last forgotten. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The key went well: its next failure starts from the shortest delay. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#heldUntilMs.delete(key);
  }

  /** Keeps of the keys that wait for a worker only those that `isWanted`. */
  prune(isWanted: (key: string) => boolean): void {
    const waiting = Array.from({ length: this.#ready.length }, () => this.#ready.shift());
    for (const key of waiting) {
      if (key === undefined) continue;
      if (isWanted(key)) this.#ready.push(key);
      else this.#dirty.delete(key);
    }
  }

  /** The next key, as soon as there is one; undefined when the queue is drained. Call `done` with it after. */
  take(): Promise<string | undefined> {
    if (this.#isDraining) return Promise.resolve(undefined);
    const key = this.#ready.shift();
    if (key !== undefined) return Promise.resolve(this.#handOut(key));
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#offer(key);
    if (this.#isDraining && this.#processing.size === 0)
      this.#drained.splice(0).forEach((resolve) => resolve());
  }

  /**
   * Hands out nothing any more; resolves when the keys that were handed out are done. Keys are still collected,
   * so that a process that leads again finds what happened meanwhile.
   */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.#takers.splice(0).forEach((resolve) => resolve(undefined));
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Hands out keys again after `drain`. */
  resume(): void {
    this.#isDraining = false;
  }

  #offer(key: string): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#ready.push(key);
    else taker(this.#handOut(key));
  }

  #handOut(key: string): string {
    clearTimeout(this.#delayed.get(key)?.timer);
    this.#delayed.delete(key);
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }
}
