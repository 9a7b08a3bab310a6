/** For so few an index costs more than to look at them. */
const shortList = 32;

/** Entries of a Pod that are found by name, in a time that does not grow with their number. */
export class NamedList<T extends { readonly name: string }> {
  readonly #entries: T[];
  #index: Map<string, T> | undefined;

  constructor(entries: readonly T[] = []) {
    this.#entries = entries.slice();
  }

  get entries(): readonly T[] {
    return this.#entries;
  }

  /** Of several with one name the last. */
  get(name: string): T | undefined {
    const entries = this.#entries;
    if (entries.length > shortList) return this.#indexed().get(name);
    for (let at = entries.length - 1; at >= 0; at--) if (entries[at]?.name === name) return entries[at];
    return undefined;
  }

  /** Adds one under a name that none has yet. */
  add(entry: T): void {
    this.#entries.push(entry);
    this.#index?.set(entry.name, entry);
  }

  /** Takes back what was added last. */
  takeBack(): void {
    const last = this.#entries.pop();
    if (last !== undefined) this.#index?.delete(last.name);
  }

  #indexed(): ReadonlyMap<string, T> {
    return (this.#index ??= new Map(this.#entries.map((entry) => [entry.name, entry])));
  }
}
