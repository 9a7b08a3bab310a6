import type { LimiterOptions } from './options.ts';

/** Why there is no slot: too many wait already, the wait was too long, or the caller gave up. */
export type Admission = 'admitted' | 'full' | 'waited-too-long' | 'cancelled';

/**
 * At most so many requests to one broker at a time; the others wait in line, first come first served, but not
 * for long: a broker that hangs must not hold everybody who wants something from it, with all that they want to send. So
 * when one has waited in vain nobody waits any more until a slot is given back.
 */
export class Limiter {
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #maxWaitMs: number;
  readonly #waiting = new Set<(admission: Admission) => void>();
  #running = 0;
  #isStuck = false;

  constructor(options: LimiterOptions = {}) {
    this.#maxConcurrent = options.maxConcurrent ?? defaultMaxConcurrent;
    this.#maxWaiting = options.maxWaiting ?? 1000;
    this.#maxWaitMs = options.maxWaitMs ?? 5_000;
  }

  /** Requests that hold a slot. */
  get running(): number {
    return this.#running;
  }

  /** Requests in line. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** After `admitted`, and only then, `leave()` must be called once. */
  async enter(signal: AbortSignal): Promise<Admission> {
    if (signal.aborted) return 'cancelled';
    if (this.#running < this.#maxConcurrent) {
      this.#running++;
      return 'admitted';
    }
    if (this.#isStuck) return 'waited-too-long';
    return this.#waiting.size >= this.#maxWaiting ? 'full' : this.#wait(signal);
  }

  leave(): void {
    this.#isStuck = false;
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next('admitted');
  }

  async #wait(signal: AbortSignal): Promise<Admission> {
    const { promise, resolve } = Promise.withResolvers<Admission>();
    const settle = (admission: Admission): void => {
      this.#waiting.delete(settle);
      resolve(admission);
    };
    const cancel = (): void => settle('cancelled');
    const timer = setTimeout(() => {
      this.#isStuck = true;
      settle('waited-too-long');
    }, this.#maxWaitMs);
    signal.addEventListener('abort', cancel, { once: true });
    this.#waiting.add(settle);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }
}

export const defaultMaxConcurrent = 16;
