/**
 * Finds the keys of the objects that have a value. Most values belong to one object (a name, an id), so a
 * single key is kept as plain text and only the second one makes a Set.
 */
export class StoreIndex<T> {
  readonly #valuesOf: (object: T) => readonly string[];
  readonly #keys = new Map<string, string | Set<string>>();

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  valuesOf(object: T): readonly string[] {
    return this.#valuesOf(object);
  }

  /** Moves `key` from the values it had to those it has now. */
  update(key: string, before: readonly string[], after: readonly string[]): void {
    if (before.length === after.length && before.every((value, position) => value === after[position]))
      return;
    for (const value of before) this.#remove(value, key);
    for (const value of after) this.#add(value, key);
  }

  keys(value: string): Iterable<string> {
    const keys = this.#keys.get(value);
    return typeof keys === 'string' ? [keys] : (keys ?? []);
  }

  #add(value: string, key: string): void {
    const keys = this.#keys.get(value);
    if (keys === undefined) this.#keys.set(value, key);
    else if (typeof keys !== 'string') keys.add(key);
    else if (keys !== key) this.#keys.set(value, new Set([keys, key]));
  }

  #remove(value: string, key: string): void {
    const keys = this.#keys.get(value);
    if (keys === key) this.#keys.delete(value);
    if (typeof keys !== 'object') return;
    keys.delete(key);
    if (keys.size === 0) this.#keys.delete(value);
  }
}
