/**
 * Looks at services of a namespace go side by side. What takes something away in it goes alone: from its last live look to the
 * last DELETE nobody else writes there what is known of the future of a service.
 */
export class NamespaceTurns {
  readonly #again: (key: string) => void;
  /** How many go on, by namespace. */
  readonly #looks = new Map<string, number>();
  /** Who came while something goes alone, or is about to. */
  readonly #late = new Map<string, Set<string>>();
  readonly #whenStill = new Map<string, () => void>();

  /** @param again has a key looked at that came too late */
  constructor(again: (key: string) => void) {
    this.#again = again;
  }

  /** @returns undefined, and nothing is done, when something goes alone: the key is looked at again after that */
  async beside<T>(namespace: string, key: string, look: () => Promise<T>): Promise<T | undefined> {
    const late = this.#late.get(namespace);
    if (late !== undefined) {
      late.add(key);
      return undefined;
    }
    this.#looks.set(namespace, (this.#looks.get(namespace) ?? 0) + 1);
    try {
      return await look();
    } finally {
      this.#leave(namespace);
    }
  }

  /** At most one at a time for each namespace. Begins when the looks of that moment have ended. */
  async alone<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const late = new Set<string>();
    this.#late.set(namespace, late);
    try {
      await this.#stillness(namespace);
      return await work();
    } finally {
      this.#late.delete(namespace);
      for (const key of late) this.#again(key);
    }
  }

  #leave(namespace: string): void {
    const left = (this.#looks.get(namespace) ?? 0) - 1;
    if (left > 0) {
      this.#looks.set(namespace, left);
      return;
    }
    this.#looks.delete(namespace);
    this.#whenStill.get(namespace)?.();
    this.#whenStill.delete(namespace);
  }

  async #stillness(namespace: string): Promise<void> {
    if (!this.#looks.has(namespace)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenStill.set(namespace, resolve);
    await promise;
  }
}
