import { setTimeout as delay } from 'node:timers/promises';
import { systemStopwatch, type Stopwatch } from '../base/stopwatch.ts';
import { FairShares, type Claim } from './fair-shares.ts';

export interface SecretChecksDeps {
  /** Keys (`namespace/name`) of the objects whose Secrets are read, in any order that stays. */
  readonly keys: () => readonly string[];
  /** Has the object looked at; it finds by `take` that its Secret is to be read. */
  readonly enqueue: (key: string) => void;
  /** A round of a namespace takes so long at least, however few are in it, milliseconds. */
  readonly roundMs: number;
  /** How many Secrets a look at this one reads. @default 1 */
  readonly readsOf?: (key: string) => number;
  /** A round that is new begins sometime, and not at once: where a restart must not be a burst of looks. */
  readonly isSpread?: boolean;
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
  /** By the stopwatch: when the next one of them is looked at, at the earliest. Who is late catches up within the round. */
  readonly dueMs: number;
  /** At that one, once it is due. */
  readonly look?: Look;
}

interface Look extends Claim {
  readonly key: string;
}

/**
 * Whose Secret is to be read next, or whose service is to be asked for. Namespaces have the same share of the reads, and in each all objects take turns; between them
 * come those that cannot wait, such as a binding whose Pod does. Half of the reads are for the turn, so that neither holds up
 * the other. A process that has begun starts somewhere, so that nobody is always the last.
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
  /** By namespace: what its looks have read. */
  readonly #shares = new FairShares();
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
    this.#list(this.#random());
    /** Reads that those who cannot wait are ahead of the turn, while there are both. */
    let ahead = 0;
    while (!signal.aborted) {
      const isTurn = this.#turnAtMs <= this.#stopwatch.elapsedMs();
      const isUrgent = this.#urgent.size > 0 && !(ahead > 0 && isTurn);
      const look = isUrgent ? this.#nextUrgent() : isTurn ? this.#nextInTurn() : undefined;
      if (look === undefined) {
        await this.#idle(signal);
        continue;
      }
      const { key, cost } = look;
      ahead = isUrgent ? Math.max(0, ahead) + cost : this.#urgent.size > 0 ? ahead - cost : 0;
      this.#shares.charge(look);
      this.#urgent.delete(key);
      this.#due.add(key);
      this.#deps.enqueue(key);
      await this.#sleep(gapMs * cost, signal);
    }
  }

  #random(): number {
    return this.#deps.random?.() ?? Math.random();
  }

  #lookAt(key: string): Look {
    return { key, owner: namespaceOf(key), cost: this.#deps.readsOf?.(key) ?? 1 };
  }

  /** Of each namespace the one that has waited longest. */
  #nextUrgent(): Look | undefined {
    const firsts = new Map<string, string>();
    for (const key of this.#urgent) {
      const namespace = namespaceOf(key);
      if (!firsts.has(namespace)) firsts.set(namespace, key);
    }
    return this.#shares.next([...firsts.values()].map((key) => this.#lookAt(key)));
  }

  #nextInTurn(): Look | undefined {
    const nowMs = this.#stopwatch.elapsedMs();
    if (this.#listAtMs <= nowMs) this.#list(0);
    const look = this.#shares.next(this.#dueLooks(nowMs));
    if (look !== undefined) this.#pass(look.owner);
    const dueMs = [...this.#rounds.values()].map((round) => round.dueMs);
    this.#turnAtMs = dueMs.reduce((soonest, each) => Math.min(soonest, each), this.#listAtMs);
    return look;
  }

  /** The next one of each namespace that is due. Rounds that are over begin anew. */
  #dueLooks(nowMs: number): readonly Look[] {
    const looks: Look[] = [];
    for (const [namespace, round] of this.#rounds) {
      if (round.dueMs > nowMs) continue;
      const isOver = round.at >= round.keys.length;
      const now: Round = isOver ? { keys: this.#keys.get(namespace) ?? [], at: 0, dueMs: nowMs } : round;
      const key = now.keys[now.at];
      if (key === undefined) this.#rounds.delete(namespace);
      else {
        const look = now.look ?? this.#lookAt(key);
        this.#rounds.set(namespace, { ...now, look });
        looks.push(look);
      }
    }
    return looks;
  }

  #pass(namespace: string): void {
    const round = this.#rounds.get(namespace);
    if (round === undefined) return;
    const { keys, at, dueMs } = round;
    const spacingMs = Math.max(gapMs, this.#deps.roundMs / keys.length);
    this.#rounds.delete(namespace);
    this.#rounds.set(namespace, { keys, at: at + 1, dueMs: dueMs + spacingMs });
  }

  /** Which objects there are. A round that has begun goes on as it is. @param from 0 to 1: where rounds begin that are new */
  #list(from: number): void {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#keys = Map.groupBy(this.#deps.keys(), namespaceOf);
    this.#listAtMs = nowMs + this.#deps.roundMs;
    const waiting = new Set([...this.#urgent].map(namespaceOf));
    this.#shares.tidy((namespace) => this.#rounds.has(namespace) || waiting.has(namespace));
    for (const [namespace, keys] of rotated([...this.#keys], from)) {
      if (this.#rounds.has(namespace)) continue;
      const dueMs = nowMs + (this.#deps.isSpread ? (this.#random() * this.#deps.roundMs) / keys.length : 0);
      this.#rounds.set(namespace, { keys: rotated(keys, from), at: 0, dueMs });
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
