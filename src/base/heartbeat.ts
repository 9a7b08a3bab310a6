import { systemStopwatch, type Stopwatch } from './stopwatch.ts';

/**
 * Whether a loop still gets on. It beats at every turn, also one that fails: an outage is no reason to end the process,
 * a loop that waits for something that will never come is.
 */
export class Heartbeat {
  readonly #maxPauseMs: number;
  readonly #stopwatch: Stopwatch;
  #lastMs: number | undefined;

  /** @param maxPauseMs between two beats; well above the deadlines of whatever the loop waits for */
  constructor(maxPauseMs: number, stopwatch: Stopwatch = systemStopwatch) {
    this.#maxPauseMs = maxPauseMs;
    this.#stopwatch = stopwatch;
  }

  beat(): void {
    this.#lastMs = this.#stopwatch.elapsedMs();
  }

  /** The loop has ended, as it should: it need not beat any more. */
  rest(): void {
    this.#lastMs = undefined;
  }

  /** Also while the loop has not begun, or rests. */
  isAlive(): boolean {
    return this.#lastMs === undefined || this.#stopwatch.elapsedMs() - this.#lastMs <= this.#maxPauseMs;
  }
}
