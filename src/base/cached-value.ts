import { systemStopwatch, type Stopwatch } from './stopwatch.ts';

/** A value that is read again when it is older than `ttlMs`. Concurrent readers share one reading. */
export class CachedValue<T> {
  readonly #read: () => Promise<T>;
  readonly #ttlMs: number;
  readonly #stopwatch: Stopwatch;
  #value: { readonly value: T; readonly readMs: number } | undefined;
  #reading: Promise<T> | undefined;

  constructor(ttlMs: number, read: () => Promise<T>, stopwatch = systemStopwatch) {
    this.#ttlMs = ttlMs;
    this.#read = read;
    this.#stopwatch = stopwatch;
  }

  /** When reading again fails, the value that was good so far is returned; the first failure throws. */
  async get(): Promise<T> {
    if (this.#value !== undefined && this.#stopwatch.elapsedMs() - this.#value.readMs < this.#ttlMs) {
      return this.#value.value;
    }
    const known = this.#value;
    return this.refresh().catch((error: unknown) => {
      if (known === undefined) throw error;
      return known.value;
    });
  }

  /** Reads now. */
  refresh(): Promise<T> {
    this.#reading ??= this.#readNow().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readNow(): Promise<T> {
    const value = await this.#read();
    this.#value = { value, readMs: this.#stopwatch.elapsedMs() };
    return value;
  }
}
