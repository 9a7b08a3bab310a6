export interface ByteLimits {
  /** For all reviews below 64 KiB together. Nearly every review is. */
  readonly small: number;
  /** For all others together; at least the largest one. */
  readonly large: number;
}

/** From here on a review is large, bytes. */
const largeFrom = 64 * 1024;

/** A review is in memory several times: its bytes, its text, and what is parsed of it. */
export const defaultByteLimits: ByteLimits = { small: 8 * 1024 * 1024, large: 8 * 1024 * 1024 };

export function isLarge(bytes: number): boolean {
  return bytes >= largeFrom;
}

/**
 * How many bytes of reviews are under way, from the head of a request until its answer is written. Large reviews have
 * room of their own, so that they can not keep out the others.
 */
export class BytesInFlight {
  readonly #limits: ByteLimits;
  readonly #taken = { small: 0, large: 0 };

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  /** Takes room for a review and returns how to give it back, once; undefined when there is not enough. */
  take(bytes: number): (() => void) | undefined {
    const size = isLarge(bytes) ? 'large' : 'small';
    if (this.#taken[size] + bytes > this.#limits[size]) return undefined;
    this.#taken[size] += bytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken[size] -= bytes;
      isTaken = false;
    };
  }
}
