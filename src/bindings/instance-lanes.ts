import type { Stopwatch } from '../base/stopwatch.ts';

export interface InstanceLanesOptions {
  readonly stopwatch: Stopwatch;
  /** Called with the key of the binding whose turn it is. */
  readonly wake: (bindingKey: string) => void;
  /** An operation that takes longer lets the others try their luck, milliseconds. @default 60_000 */
  readonly maxHoldMs?: number;
}

interface Lane {
  holder: string;
  sinceMs: number;
  /** In order of arrival. */
  readonly waiting: Set<string>;
}

/**
 * One operation at a time for the bindings of an instance whose broker has answered ConcurrencyError (OSB, Blocking
 * Operations). Trying again blindly would cost a square of requests, and leave it to chance who gets through. Other
 * instances know no lane. Kept in memory: after a restart the first ConcurrencyError opens it again.
 */
export class InstanceLanes {
  readonly #options: InstanceLanesOptions;
  readonly #maxHoldMs: number;
  readonly #lanes = new Map<string, Lane>();
  /** Binding → instance, for those that hold or wait. */
  readonly #members = new Map<string, string>();

  constructor(options: InstanceLanesOptions) {
    this.#options = options;
    this.#maxHoldMs = options.maxHoldMs ?? 60_000;
  }

  /** Milliseconds until the binding may speak to the broker; 0 for now. It is woken earlier when its turn comes. */
  enter(instanceKey: string, bindingKey: string): number {
    const lane = this.#lanes.get(instanceKey);
    return lane === undefined ? 0 : this.#join(lane, instanceKey, bindingKey);
  }

  /** The broker refused two operations at once. As `enter`, and from now on the bindings of the instance queue up. */
  open(instanceKey: string, bindingKey: string): number {
    const lane = this.#lanes.get(instanceKey);
    if (lane !== undefined) return this.#join(lane, instanceKey, bindingKey);
    this.#lanes.set(instanceKey, {
      holder: bindingKey,
      sinceMs: this.#options.stopwatch.elapsedMs(),
      waiting: new Set(),
    });
    this.#members.set(bindingKey, instanceKey);
    return 0;
  }

  /** The binding has nothing under way any more: the next one may go. */
  leave(bindingKey: string): void {
    const instanceKey = this.#members.get(bindingKey);
    const lane = instanceKey === undefined ? undefined : this.#lanes.get(instanceKey);
    if (instanceKey === undefined || lane === undefined || lane.holder !== bindingKey) return;
    this.#members.delete(bindingKey);
    const [next] = lane.waiting;
    if (next === undefined) {
      this.#lanes.delete(instanceKey);
      return;
    }
    this.#hand(lane, next);
    this.#options.wake(next);
  }

  #join(lane: Lane, instanceKey: string, bindingKey: string): number {
    if (lane.holder === bindingKey) return 0;
    this.#members.set(bindingKey, instanceKey);
    const leftMs = lane.sinceMs + this.#maxHoldMs - this.#options.stopwatch.elapsedMs();
    if (leftMs <= 0) {
      this.#members.delete(lane.holder);
      this.#hand(lane, bindingKey);
      return 0;
    }
    lane.waiting.add(bindingKey);
    return leftMs;
  }

  #hand(lane: Lane, bindingKey: string): void {
    lane.waiting.delete(bindingKey);
    lane.holder = bindingKey;
    lane.sinceMs = this.#options.stopwatch.elapsedMs();
  }
}
