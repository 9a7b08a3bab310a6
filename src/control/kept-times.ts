import type { Clock } from '../base/clock.ts';
import type { Stopwatch } from '../base/stopwatch.ts';
import { timestamp, type Times } from './attempts.ts';

export interface KeptTimesDeps {
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
}

interface KeptTime {
  readonly text: string;
  /** By the stopwatch. */
  readonly atMs: number;
}

const maxTimes = 20_000;

/**
 * Times that are kept in objects and waited for in this process: the next attempt, the deadline of an operation, its
 * start. The text is for people and for the next process. Here each is a moment of the stopwatch, fixed when it is
 * written or first seen, so that setting the clock neither hurries nor delays anything. Forgotten times are read
 * anew from the wall clock.
 */
export class KeptTimes implements Times {
  readonly #deps: KeptTimesDeps;
  /** By object and field; the least recently fixed goes first. */
  readonly #times = new Map<string, KeptTime>();

  constructor(deps: KeptTimesDeps) {
    this.#deps = deps;
  }

  /**
   * The moment that comes `afterMs` from now, as the text that is to be written.
   * @param slot names the object, by its uid, and the field
   */
  plan(slot: string, afterMs: number): string {
    const { clock, stopwatch } = this.#deps;
    const text = timestamp(clock.now() + afterMs);
    this.#keep(slot, { text, atMs: stopwatch.elapsedMs() + afterMs });
    return text;
  }

  /**
   * Milliseconds until the time that `text` tells, negative when it is over; NaN when it tells none.
   * @param maxMs no plan of ours reaches further: a longer one comes from a clock that was wrong. @default unbounded
   */
  untilMs(slot: string, text: string, maxMs = Number.POSITIVE_INFINITY): number {
    const { clock, stopwatch } = this.#deps;
    let kept = this.#times.get(slot);
    if (kept?.text !== text) {
      kept = { text, atMs: stopwatch.elapsedMs() + Math.min(maxMs, Date.parse(text) - clock.now()) };
      this.#keep(slot, kept);
    }
    return kept.atMs - stopwatch.elapsedMs();
  }

  #keep(slot: string, time: KeptTime): void {
    this.#times.delete(slot);
    this.#times.set(slot, time);
    if (this.#times.size <= maxTimes) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      return;
    }
  }
}
