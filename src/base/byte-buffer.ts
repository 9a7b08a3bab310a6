const none = Buffer.alloc(0);

/**
 * Bytes that come in pieces, kept as one piece. A list of the pieces costs a hundred bytes and more for each, and who
 * sends decides how small they are.
 */
export class ByteBuffer {
  readonly #expectedBytes: number;
  #bytes: Buffer = none;
  #size = 0;

  /** @param expectedBytes how many will come, if that is known: then nothing is copied twice */
  constructor(expectedBytes = 0) {
    this.#expectedBytes = expectedBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** `piece` must not be changed afterwards: one that comes alone is kept as it is. */
  append(piece: Buffer): void {
    const size = this.#size + piece.length;
    if (this.#size === 0 && piece.length >= this.#expectedBytes) {
      this.#bytes = piece;
    } else {
      if (size > this.#bytes.length || this.#size === 0) this.#grow(size);
      piece.copy(this.#bytes, this.#size);
    }
    this.#size = size;
  }

  /** All of it; nothing is kept. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#size);
    this.#bytes = none;
    this.#size = 0;
    return bytes;
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#bytes.length, this.#expectedBytes));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}
