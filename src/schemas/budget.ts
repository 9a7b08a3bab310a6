import type { JsonObject } from '../base/json.ts';

/** More work than a schema may make. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}

/** Deeper calls are given up: a reference may lead to itself. */
const maxLevels = 200;

/** Characters that are looked at in one step. */
const charactersPerStep = 16;

/**
 * Steps that one evaluation may take, of a microsecond or two each. Everything that a schema or a value can make long is paid
 * for before it is used, so that nothing of them is quadratic or endless. Rules get the keys,
 * entries and items of both from here: what is handed out is paid for, and can not be forgotten.
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

  /** A text that is read, or compared, from end to end. @throws BudgetSpentError */
  read(text: string): string {
    this.spend(text.length / charactersPerStep);
    return text;
  }

  /** @throws BudgetSpentError */
  keys(object: JsonObject): readonly string[] {
    const keys = Object.keys(object);
    this.spend(keys.length);
    return keys;
  }

  /** @throws BudgetSpentError */
  entries(object: JsonObject): readonly (readonly [key: string, value: unknown])[] {
    return this.keys(object).map((key) => [key, object[key]]);
  }

  /** @throws BudgetSpentError */
  items<T>(list: readonly T[]): readonly T[] {
    this.spend(list.length);
    return list;
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
