import type { Stopwatch } from '../base/stopwatch.ts';

/** The numbers of client-go's spam filter. */
const burst = 25;
const refillMs = 300_000;
const maxObjects = 1_000;

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** How many different events may still be written about an object: 25 at once, then one in five minutes. */
export class EventBudget {
  readonly #stopwatch: Stopwatch;
  readonly #buckets = new Map<string, Bucket>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  take(object: string): boolean {
    const nowMs = this.#stopwatch.elapsedMs();
    const bucket = this.#buckets.get(object) ?? { tokens: burst, filledMs: nowMs };
    const refilled = Math.floor((nowMs - bucket.filledMs) / refillMs);
    const tokens = Math.min(burst, bucket.tokens + refilled);
    const filledMs = bucket.filledMs + refilled * refillMs;
    this.#buckets.delete(object);
    this.#buckets.set(object, { tokens: Math.max(0, tokens - 1), filledMs });
    this.#forgetOldest();
    return tokens > 0;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= maxObjects) return;
    for (const object of this.#buckets.keys()) {
      this.#buckets.delete(object);
      return;
    }
  }
}
