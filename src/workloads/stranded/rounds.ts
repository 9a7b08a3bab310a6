import type { Stopwatch } from '../../base/stopwatch.ts';

interface Round {
  readonly number: number;
  readonly begunMs: number;
  /** The Pods that were there when it began: all of them may be replaced in it. */
  readonly pods: ReadonlySet<string>;
}

const maxRounds = 5;
const firstPauseMs = 10_000;
const forgottenMs = 3_600_000;

/**
 * How often the Pods of an owner were replaced. A Pod that was made for a replaced one and waits in vain again, as when the
 * webhook has not heard of the binding yet, belongs to the next round: it is left for a while, longer each time, and after
 * five rounds for good. In memory only: a process that begins anew has five rounds again.
 */
export class Rounds {
  readonly #stopwatch: Stopwatch;
  /** By the uid of the owner. */
  readonly #last = new Map<string, Round>();

  constructor(stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
  }

  /**
   * Milliseconds until the Pod may be replaced, 0 for now; undefined for never.
   * @param pod uid
   * @param others uids of all Pods of this owner that wait in vain now; a round that begins is one for all of them
   */
  enter(owner: string, pod: string, others: () => readonly string[]): number | undefined {
    const nowMs = this.#stopwatch.elapsedMs();
    this.#forgetOld(nowMs);
    const last = this.#last.get(owner);
    if (last?.pods.has(pod) === true) return 0;
    const number = (last?.number ?? 0) + 1;
    if (number > maxRounds) return undefined;
    const beginsMs = last === undefined ? nowMs : last.begunMs + firstPauseMs * 2 ** (last.number - 1);
    if (beginsMs > nowMs) return beginsMs - nowMs;
    this.#last.delete(owner);
    this.#last.set(owner, { number, begunMs: nowMs, pods: new Set([pod, ...others()]) });
    return 0;
  }

  /** The oldest come first. */
  #forgetOld(nowMs: number): void {
    for (const [owner, { begunMs }] of this.#last) {
      if (nowMs - begunMs < forgottenMs) return;
      this.#last.delete(owner);
    }
  }
}
