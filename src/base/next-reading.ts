/** A value that has to be newer than the question: all who ask while it is being read share the reading after that. */
export class NextReading<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<unknown> | undefined;
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** The result of a reading that begins from now on. Fails as that does. */
  next(): Promise<T> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async #afterRunning(): Promise<T> {
    await this.#running?.catch(() => undefined);
    this.#next = undefined;
    const reading = this.#read();
    this.#running = reading;
    return reading;
  }
}
