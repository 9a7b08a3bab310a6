import { setTimeout as delay } from 'node:timers/promises';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';

export interface SecretChecksDeps {
  /** Keys of the bindings whose Secrets there should be, in any order that stays. */
  readonly keys: () => readonly string[];
  /** Has the binding looked at; it finds by `take` that its Secret is to be read. */
  readonly enqueue: (key: string) => void;
  /** A round takes so long at least, however few there are. */
  readonly roundMs: number;
  readonly stopwatch?: Stopwatch;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1: where the first round begins. */
  readonly random?: () => number;
}

/** Five Secrets a second in all: there is no list and no watch of Secrets, each is read by its name. */
const gapMs = 200;

/**
 * Whose Secret is to be read next. All bindings in turn, and between them those that cannot wait, such as one whose Pod
 * does; every other look is for the turn, so that neither holds up the other. A process that has begun starts somewhere, so
 * that no binding is always the last.
 */
export class SecretChecks {
  readonly #deps: SecretChecksDeps;
  readonly #stopwatch: Stopwatch;
  readonly #sleep: NonNullable<SecretChecksDeps['sleep']>;
  readonly #urgent = new Set<string>();
  readonly #due = new Set<string>();
  #round: readonly string[] = [];
  #at = 0;
  #turnAtMs = 0;
  #wake: (() => void) | undefined;

  constructor(deps: SecretChecksDeps) {
    this.#deps = deps;
    this.#stopwatch = deps.stopwatch ?? systemStopwatch;
    this.#sleep = deps.sleep ?? sleep;
  }

  /** Its Secret is read before those whose turn it is. */
  soon(key: string): void {
    this.#urgent.add(key);
    this.#wake?.();
  }

  /** @returns whether the Secret is to be read now; once for each look that is due */
  take(key: string): boolean {
    return this.#due.delete(key);
  }

  /** The look that is due comes later, when the binding is worked on again. */
  hold(key: string): void {
    this.#due.add(key);
  }

  /** Until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#due.clear();
    this.#beginRound(this.#deps.random?.() ?? Math.random());
    let wasUrgent = false;
    while (!signal.aborted) {
      const isTurn = this.#turnAtMs <= this.#stopwatch.elapsedMs();
      const [urgent] = this.#urgent;
      wasUrgent = urgent !== undefined && !(wasUrgent && isTurn);
      const key = wasUrgent ? urgent : isTurn ? this.#nextInTurn() : undefined;
      if (key === undefined) {
        await this.#idle(signal);
        continue;
      }
      this.#urgent.delete(key);
      this.#due.add(key);
      this.#deps.enqueue(key);
      await this.#sleep(gapMs, signal);
    }
  }

  #nextInTurn(): string | undefined {
    if (this.#at >= this.#round.length) this.#beginRound(0);
    const key = this.#round[this.#at++];
    const spacingMs = Math.max(gapMs, this.#deps.roundMs / Math.max(1, this.#round.length));
    this.#turnAtMs = this.#stopwatch.elapsedMs() + spacingMs;
    return key;
  }

  #beginRound(from: number): void {
    const keys = this.#deps.keys();
    const first = Math.floor(from * keys.length);
    this.#round = [...keys.slice(first), ...keys.slice(0, first)];
    this.#at = 0;
  }

  /** Until the next turn, or somebody who cannot wait. */
  async #idle(signal: AbortSignal): Promise<void> {
    if (this.#urgent.size > 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const leftMs = this.#turnAtMs - this.#stopwatch.elapsedMs();
    await this.#sleep(Math.max(1, leftMs), AbortSignal.any([signal, woken.signal]));
    this.#wake = undefined;
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
