import type { Stopwatch } from '../base/stopwatch.ts';

/** Somebody wants the catalog fetched before its time. */
export interface RelistRequest {
  /** True when there is a reason to believe that a failing broker works now: its back-off is cut short. */
  readonly isUrgent: boolean;
}

interface Request extends RelistRequest {
  readonly number: number;
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
  readonly #lastWrites = new Map<string, number>();
  readonly #plans = new Map<string, number>();
  readonly #requests = new Map<string, Request>();
  /** Of the attempt that goes on: requests with a lower number are served by it. */
  readonly #served = new Map<string, number>();
  #count = 0;

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /** Asks for a fetch of the catalog: something showed that the one in use may be out of date. */
  request(key: string, request: RelistRequest): void {
    const isUrgent = request.isUrgent || this.#requests.get(key)?.isUrgent === true;
    this.#requests.set(key, { isUrgent, number: this.#count++ });
  }

  /** The catalog is about to be fetched, which serves whoever has asked for it up to now. */
  begin(key: string): void {
    this.#served.set(key, this.#count);
  }

  /** Between `begin` and `attempted`. */
  isFetching(key: string): boolean {
    return this.#served.has(key);
  }

  requestOf(key: string): RelistRequest | undefined {
    const request = this.#requests.get(key);
    return request === undefined ? undefined : { isUrgent: request.isUrgent };
  }

  /** When the catalog was last fetched with success, by the stopwatch. */
  lastFetchMs(key: string): number | undefined {
    return this.#lastFetchMs.get(key);
  }

  lastAttemptMs(key: string): number | undefined {
    return this.#lastAttemptMs.get(key);
  }

  /** How many classes and plans the last attempt had to write. */
  lastWrites(key: string): number {
    return this.#lastWrites.get(key) ?? 0;
  }

  /** How many plans are being written of its catalog, or were. */
  plansOf(key: string): number {
    return this.#plans.get(key) ?? 0;
  }

  expectPlans(key: string, plans: number): void {
    this.#plans.set(key, plans);
  }

  /** An attempt has ended. What was asked for while it went on stays: the catalog may have changed behind it. */
  attempted(key: string, succeeded: boolean, writes = 0): void {
    const nowMs = this.#stopwatch.elapsedMs();
    const request = this.#requests.get(key);
    if (request !== undefined && request.number < (this.#served.get(key) ?? 0)) this.#requests.delete(key);
    this.#served.delete(key);
    this.#lastAttemptMs.set(key, nowMs);
    this.#lastWrites.set(key, writes);
    if (succeeded) this.#lastFetchMs.set(key, nowMs);
  }

  forget(key: string): void {
    this.#requests.delete(key);
    this.#served.delete(key);
    this.#lastAttemptMs.delete(key);
    this.#lastWrites.delete(key);
    this.#lastFetchMs.delete(key);
    this.#plans.delete(key);
  }
}
