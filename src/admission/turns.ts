/**
 * Does one thing at a time and in between lets the event loop look at what has arrived. Reading a large review takes some
 * ten milliseconds; several of them in a row would be felt by everybody else.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  take(work: () => void): void {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) setImmediate(() => this.#next());
  }

  #next(): void {
    const work = this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
    work?.();
  }
}
