/**
 * Things that wait or are remembered, each with an owner and a key. Owners take turns, and when there are too many things the
 * owner who has most loses the oldest: nobody can keep out or push out what belongs to others.
 */
export class FairShares<V> {
  readonly #max: number;
  /** By owner, by key. The order of owners is whose turn it is, that of keys which is oldest. */
  readonly #shares = new Map<string, Map<string, V>>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get(owner: string, key: string): V | undefined {
    return this.#shares.get(owner)?.get(key);
  }

  /**
   * Puts it behind all others of its owner, in the place of what had its key.
   * @returns what had to go for it, if anything
   */
  put(owner: string, key: string, value: V): V | undefined {
    const share = this.#shares.get(owner) ?? new Map<string, V>();
    this.#shares.set(owner, share);
    if (!share.delete(key)) this.#size++;
    share.set(key, value);
    return this.#size > this.#max ? this.#takeFirst(this.#largest()) : undefined;
  }

  delete(owner: string, key: string): void {
    const share = this.#shares.get(owner);
    if (share?.delete(key) !== true) return;
    this.#size--;
    if (share.size === 0) this.#shares.delete(owner);
  }

  /** Takes the oldest of the owner whose turn it is. */
  shift(): V | undefined {
    const [owner] = this.#shares.keys();
    if (owner === undefined) return undefined;
    const value = this.#takeFirst(owner);
    const share = this.#shares.get(owner);
    this.#shares.delete(owner);
    if (share !== undefined) this.#shares.set(owner, share);
    return value;
  }

  values(): readonly V[] {
    return [...this.#shares.values()].flatMap((share) => [...share.values()]);
  }

  #largest(): string {
    let largest = '';
    for (const [owner, { size }] of this.#shares) {
      if (size > (this.#shares.get(largest)?.size ?? 0)) largest = owner;
    }
    return largest;
  }

  #takeFirst(owner: string): V | undefined {
    const [first] = this.#shares.get(owner) ?? [];
    if (first === undefined) return undefined;
    this.delete(owner, first[0]);
    return first[1];
  }
}
