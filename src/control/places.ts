/** Places to work at. Whoever comes back from elsewhere goes before those who have not begun. */
export class Places {
  #free: number;
  readonly #returning: (() => void)[] = [];
  readonly #beginning: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when the caller has a place. `leave` must be called once for it. */
  take(): Promise<void> {
    return this.#enter(this.#beginning);
  }

  leave(): void {
    const next = this.#returning.shift() ?? this.#beginning.shift();
    if (next === undefined) this.#free++;
    else next();
  }

  /** Gives the caller's place to somebody else while `work` goes on, and resolves when there is one again. */
  async away<T>(work: () => Promise<T>): Promise<T> {
    this.leave();
    try {
      return await work();
    } finally {
      await this.#enter(this.#returning);
    }
  }

  #enter(line: (() => void)[]): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => line.push(resolve));
    this.#free--;
    return Promise.resolve();
  }
}
