import { setTimeout as delay } from 'node:timers/promises';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';

export interface SecretChecksDeps {
  /** Keys (`namespace/name`) of the objects whose Secrets are read, in any order that stays. */
  readonly keys: () => readonly string[];
  /** Has the object looked at; it finds by `take` that its Secret is to be read. */
  readonly enqueue: (key: string) => void;
  /** Nobody's Secret is read again sooner, however few there are, milliseconds. */
  readonly roundMs: number;
  /** How many Secrets a look at this one reads. @default 1 */
  readonly readsOf?: (key: string) => number;
  readonly stopwatch?: Stopwatch;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1: where the first rounds begin. */
  readonly random?: () => number;
}

/** Five Secrets a second in all: there is no list and no watch of Secrets, each is read by its name. */
const gapMs = 200;

/** The objects of one namespace, one after the other. */
interface Round {
  readonly keys: readonly string[];
  readonly at: number;
  /** By the stopwatch: when the next one of them is looked at, at the earliest. */
  readonly dueMs: number;
}

/**
 * Whose Secret is to be read next. Namespaces take turns, and in each all objects do; between them come those that cannot
 * wait, such as a binding whose Pod does. Every other look is for the turn, so that neither holds up the other. A process that
 * has begun starts somewhere, so that nobody is always the last.
 */
export class SecretChecks {
  readonly #deps: SecretChecksDeps;
  readonly #stopwatch: Stopwatch;
  readonly #sleep: NonNullable<SecretChecksDeps['sleep']>;
  readonly #urgent = new Set<string>();
  readonly #due = new Set<string>();
  /** By namespace; who was served last comes last. */
  readonly #rounds = new Map<string, Round>();
  /** As listed last, by namespace. */
  #keys: ReadonlyMap<string, readonly string[]> = new Map();
  #listAtMs = 0;
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

  /** The look that is due comes later, when the object is worked on again. */
  hold(key: string): void {
    this.#due.add(key);
  }

  /** Until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#due.clear();
    this.#rounds.clear();
    this.#list(this.#deps.random?.() ?? Math.random());
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
      await this.#sleep(gapMs * (this.#deps.readsOf?.(key) ?? 1), signal);
    }
  }

  #nextInTurn(): string | undefined {
    const nowMs = this.#stopwatch.elapsedMs();
    if (this.#listAtMs <= nowMs) this.#list(0);
    const key = this.#takeDue(nowMs);
    const dueMs = [...this.#rounds.values()].map((round) => round.dueMs);
    this.#turnAtMs = dueMs.reduce((soonest, each) => Math.min(soonest, each), this.#listAtMs);
    return key;
  }

  /** Of the namespace that has waited longest. */
  #takeDue(nowMs: number): string | undefined {
    for (const [namespace, { keys, at, dueMs }] of this.#rounds) {
      if (dueMs > nowMs) continue;
      this.#rounds.delete(namespace);
      const round = at < keys.length ? keys : (this.#keys.get(namespace) ?? []);
      const next = at < keys.length ? at : 0;
      const key = round[next];
      if (key === undefined) continue;
      const spacingMs = Math.max(gapMs, this.#deps.roundMs / round.length);
      this.#rounds.set(namespace, { keys: round, at: next + 1, dueMs: nowMs + spacingMs });
      return key;
    }
    return undefined;
  }

  /** Which objects there are. A round that has begun goes on as it is. @param from 0 to 1: where rounds begin that are new */
  #list(from: number): void {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#keys = Map.groupBy(this.#deps.keys(), namespaceOf);
    this.#listAtMs = nowMs + this.#deps.roundMs;
    for (const [namespace, keys] of rotated([...this.#keys], from)) {
      if (!this.#rounds.has(namespace))
        this.#rounds.set(namespace, { keys: rotated(keys, from), at: 0, dueMs: nowMs });
    }
    this.#turnAtMs = nowMs;
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

function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}

function rotated<T>(list: readonly T[], from: number): readonly T[] {
  const first = Math.floor(from * list.length);
  return [...list.slice(first), ...list.slice(0, first)];
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
