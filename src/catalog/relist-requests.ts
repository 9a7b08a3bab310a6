import type { Stopwatch } from '../base/stopwatch.ts';

/** Somebody wants the catalog fetched before its time. */
export interface RelistRequest {
  /** True when there is a reason to believe that a failing broker works now: its back-off is cut short. */
  readonly isUrgent: boolean;
}

/**
 * What this process remembers of each broker besides its status: when the catalog was last fetched (an unchanged
 * relist writes nothing, so the status can not tell) and whether somebody wants it fetched before its time. Lost at
 * a restart, at the price of one more fetch.
 */
export class RelistRequests {
  readonly #stopwatch: Stopwatch;
  readonly #lastAttemptMs = new Map<string, number>();
  readonly #lastFetchMs = new Map<string, number>();
  readonly #requests = new Map<string, RelistRequest>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /** Asks for a fetch of the catalog: something showed that the one in use may be out of date. */
  request(key: string, request: RelistRequest): void {
    const isUrgent = request.isUrgent || this.#requests.get(key)?.isUrgent === true;
    this.#requests.set(key, { isUrgent });
  }

  requestOf(key: string): RelistRequest | undefined {
    return this.#requests.get(key);
  }

  /** When the catalog was last fetched with success, by the stopwatch. */
  lastFetchMs(key: string): number | undefined {
    return this.#lastFetchMs.get(key);
  }

  lastAttemptMs(key: string): number | undefined {
    return this.#lastAttemptMs.get(key);
  }

  /** An attempt has ended; whatever was asked for before or during it is settled. */
  attempted(key: string, succeeded: boolean): void {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#requests.delete(key);
    this.#lastAttemptMs.set(key, nowMs);
    if (succeeded) this.#lastFetchMs.set(key, nowMs);
  }

  forget(key: string): void {
    this.#requests.delete(key);
    this.#lastAttemptMs.delete(key);
    this.#lastFetchMs.delete(key);
  }
}
