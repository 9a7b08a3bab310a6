import type { Stopwatch } from '../base/stopwatch.ts';
import type { CircuitOptions, CircuitState } from './options.ts';

/**
 * Circuit breaker of one broker. Closed: everything passes. After a row of failed connections it opens: nothing
 * passes for a time. Then it is half-open: one request tries. If it gets an answer, whatever it says, the circuit
 * closes; if not, it opens for twice the time.
 */
export class Circuit {
  readonly #failureThreshold: number;
  readonly #initialOpenMs: number;
  readonly #maxOpenMs: number;
  readonly #stopwatch: Stopwatch;
  readonly #onChange: ((state: CircuitState) => void) | undefined;
  #state: CircuitState = 'closed';
  #failures = 0;
  #openMs: number;
  #openUntilMs = 0;
  #trialRuns = false;

  constructor(
    options: CircuitOptions,
    deps: { readonly stopwatch: Stopwatch; readonly onChange?: ((state: CircuitState) => void) | undefined },
  ) {
    this.#failureThreshold = options.failureThreshold ?? 5;
    this.#initialOpenMs = options.initialOpenMs ?? 1000;
    this.#maxOpenMs = options.maxOpenMs ?? 60_000;
    this.#openMs = this.#initialOpenMs;
    this.#stopwatch = deps.stopwatch;
    this.#onChange = deps.onChange;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Asks to pass. Returns `undefined` for yes, and then one of `answered`, `failed` and `undecided` must follow;
   * else the milliseconds after which to ask again.
   */
  tryPass(): number | undefined {
    if (this.#state === 'closed') return undefined;
    const restMs = this.#openUntilMs - this.#stopwatch.elapsedMs();
    if (restMs > 0) return restMs;
    if (this.#trialRuns) return this.#initialOpenMs;
    this.#trialRuns = true;
    this.#change('half-open');
    return undefined;
  }

  /** The broker answered: it is there. */
  answered(): void {
    this.#failures = 0;
    this.#trialRuns = false;
    this.#openMs = this.#initialOpenMs;
    this.#change('closed');
  }

  /** The broker could not be reached, or did not answer. */
  failed(): void {
    this.#failures++;
    if (this.#state === 'half-open') {
      this.#openMs = Math.min(this.#openMs * 2, this.#maxOpenMs);
      this.#open();
    } else if (this.#state === 'closed' && this.#failures >= this.#failureThreshold) this.#open();
  }

  /** The request ended without saying anything about the broker (cancelled, refused by ourselves). */
  undecided(): void {
    this.#trialRuns = false;
  }

  #open(): void {
    this.#trialRuns = false;
    this.#openUntilMs = this.#stopwatch.elapsedMs() + this.#openMs;
    this.#change('open');
  }

  #change(state: CircuitState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onChange?.(state);
  }
}
