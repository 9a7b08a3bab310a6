interface Run {
  /** Calls after the one that was let through. */
  more: number;
}

/** Beyond this number of different messages at once, and for longer keys, all of them are let through. */
const maxRuns = 1_000;
const maxKeyLength = 2_000;

/**
 * Lets the first of equal messages through at once, and those that follow soon after as one with a count. A workload
 * that is scaled up makes hundreds of Pods in a second of which exactly the same is to be said: they have no names
 * yet. Written one by one, these lines cost as much as the injection itself.
 */
export class Repeats {
  readonly #windowMs: number;
  readonly #runs = new Map<string, Run>();

  /** @param windowMs how long equal messages are collected, after the first */
  constructor(windowMs = 1_000) {
    this.#windowMs = windowMs;
  }

  /** @param say called with 1 at once, or later with the number of calls that it stands for */
  tell(key: string, say: (count: number) => void): void {
    const run = this.#runs.get(key);
    if (run !== undefined) {
      run.more++;
      return;
    }
    say(1);
    if (this.#runs.size >= maxRuns || key.length > maxKeyLength) return;
    const started: Run = { more: 0 };
    this.#runs.set(key, started);
    setTimeout(() => {
      this.#runs.delete(key);
      if (started.more > 0) say(started.more);
    }, this.#windowMs).unref();
  }
}
