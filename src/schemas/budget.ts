/** More work than a schema may make. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}

/** Deeper calls are given up: a reference may lead to itself. */
const maxLevels = 200;

/**
 * Steps that one evaluation may take, of a microsecond or less each. Everything that a schema or a value can make long is
 * paid for before it is done, so that nothing of them is quadratic or endless.
 */
export class Budget {
  #steps: number;
  #levels = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** @throws BudgetSpentError */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new BudgetSpentError();
  }

  /** One level further inside. @throws BudgetSpentError */
  nested<T>(work: () => T): T {
    if (++this.#levels > maxLevels) throw new BudgetSpentError();
    try {
      return work();
    } finally {
      this.#levels--;
    }
  }
}
