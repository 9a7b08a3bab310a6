const maxValues = 20_000;
/** Of all keys together, characters. */
const maxTotalLength = 2_000_000;

/**
 * Values of which many are alike, each kept once. Emptied when it is full: whoever has a value keeps it, and it stays here no longer
 * than that because somebody has it. Bounded by size as well as by number, since those who write the values may write large ones.
 */
export class SharedValues<T> {
  readonly #known = new Map<string, T>();
  #totalLength = 0;

  /** @param key what the value says, about as large as the value */
  once(key: string, value: T): T {
    const found = this.#known.get(key);
    if (found !== undefined) return found;
    if (this.#known.size >= maxValues || this.#totalLength + key.length > maxTotalLength) {
      this.#known.clear();
      this.#totalLength = 0;
    }
    this.#known.set(key, value);
    this.#totalLength += key.length;
    return value;
  }
}
