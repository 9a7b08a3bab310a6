import { backoffMs } from '../../base/backoff.ts';
import type { Stopwatch } from '../../base/stopwatch.ts';

interface Failure {
  /** What was tried. */
  readonly what: string;
  readonly count: number;
  /** By the stopwatch. */
  readonly untilMs: number;
}

const backoff = { initialMs: 500, maxMs: 30_000 };

/**
 * When what the API server refused is tried again, each object by itself: one that is refused for ever must not delay others, nor have
 * them tried again. What was edited since is tried at once. Lost with the process, which then tries once more.
 */
export class RequestPace {
  readonly #stopwatch: Stopwatch;
  /** By service, by the name of its object. */
  readonly #failures = new Map<string, Map<string, Failure>>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /** Milliseconds until it may be tried; 0 for now. */
  waitMs(service: string, name: string, what: string): number {
    const failure = this.#failures.get(service)?.get(name);
    if (failure?.what !== what) return 0;
    return Math.max(0, failure.untilMs - this.#stopwatch.elapsedMs());
  }

  /** @returns milliseconds until it may be tried again */
  failed(service: string, name: string, what: string, retryAfterMs = 0): number {
    const failures = this.#failures.get(service) ?? new Map<string, Failure>();
    const earlier = failures.get(name);
    const count = (earlier?.what === what ? earlier.count : 0) + 1;
    const waitMs = Math.max(retryAfterMs, backoffMs(count, backoff));
    failures.set(name, { what, count, untilMs: this.#stopwatch.elapsedMs() + waitMs });
    this.#failures.set(service, failures);
    return waitMs;
  }

  succeeded(service: string, name: string): void {
    this.#failures.get(service)?.delete(name);
  }

  /** Forgets what nobody asks for any more. */
  retain(service: string, isWanted: (name: string) => boolean): void {
    const failures = this.#failures.get(service);
    if (failures === undefined) return;
    for (const name of failures.keys()) if (!isWanted(name)) failures.delete(name);
    if (failures.size === 0) this.#failures.delete(service);
  }
}
