/** What one of several would cost, such as a look at Secrets of a namespace. */
export interface Claim {
  readonly owner: string;
  readonly cost: number;
}

/**
 * Whose turn it is, so that owners who all want something have the same share of the cost, and not of the turns. Each has a
 * tally. It goes on from where the others are when its owner comes back, so that nothing is saved up while nothing is wanted,
 * and stays where it is while its owner waits (start-time fair queueing).
 */
export class FairShares {
  readonly #tallies = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  #level = 0;

  /** @returns the claim that leaves its owner with the least; of equal ones the first. Nothing is charged. */
  next<T extends Claim>(claims: readonly T[]): T | undefined {
    let best: { readonly claim: T; readonly end: number } | undefined;
    for (const claim of claims) {
      const end = this.#start(claim.owner) + claim.cost;
      if (best === undefined || end < best.end) best = { claim, end };
    }
    return best?.claim;
  }

  charge({ owner, cost }: Claim): void {
    const start = this.#start(owner);
    this.#waiting.delete(owner);
    this.#level = Math.max(this.#level, start);
    this.#tallies.set(owner, start + cost);
  }

  /** Forgets owners who want nothing, and tallies that say no more than the level of all. */
  tidy(wants: (owner: string) => boolean): void {
    for (const owner of this.#waiting.keys()) if (!wants(owner)) this.#waiting.delete(owner);
    for (const [owner, tally] of this.#tallies) if (tally <= this.#level) this.#tallies.delete(owner);
  }

  #start(owner: string): number {
    const waiting = this.#waiting.get(owner);
    if (waiting !== undefined) return waiting;
    const start = Math.max(this.#level, this.#tallies.get(owner) ?? 0);
    this.#waiting.set(owner, start);
    return start;
  }
}
