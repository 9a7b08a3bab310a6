import type { Permit } from '../base/permit.ts';
import type { Stopwatch } from '../base/stopwatch.ts';

/**
 * The leave to act for others that a lead gives. It ends by itself, some time after the last renewal and before anybody
 * else may lead, even if the process was stopped meanwhile and has noticed nothing: whoever asks learns it from the
 * stopwatch at that moment, and what is under way hears it from the signal.
 */
export class LeadGuard implements Permit {
  readonly #stopwatch: Stopwatch;
  #term = new AbortController();
  #untilMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
    this.#term.abort();
  }

  get signal(): AbortSignal {
    return this.#term.signal;
  }

  holds(): boolean {
    return !this.#term.signal.aborted && this.#stopwatch.elapsedMs() < this.#untilMs;
  }

  /** The Lease was taken or renewed: nobody else leads until this moment of the stopwatch. */
  extend(untilMs: number): void {
    if (this.#term.signal.aborted) this.#term = new AbortController();
    this.#untilMs = untilMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(), Math.max(0, untilMs - this.#stopwatch.elapsedMs()));
    this.#timer.unref();
  }

  /** The Lease is somebody else's, or about to be given away. */
  end(): void {
    clearTimeout(this.#timer);
    this.#term.abort(new LeadEndedError());
  }
}

/** Something was begun under a lead that is over. */
export class LeadEndedError extends Error {
  override readonly name = 'LeadEndedError';
  readonly code = 'BINDERY_LEAD_ENDED';

  constructor() {
    super('the lead under which this was begun is over');
  }
}
