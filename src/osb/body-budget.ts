import { ExcessError } from './excess.ts';

const mebibyte = 1024 * 1024;
/** Of the controller's 512 MiB. A body is in memory up to twice while it grows, and several times when it is parsed. */
const budgetBytes = 64 * mebibyte;
/** What is smaller is bounded by the number of requests that may be under way. */
const freeBytes = 64 * 1024;

/** A body that is being received, or waits to be parsed. */
interface Receiver {
  /** Gives it up. */
  readonly stop: (error: ExcessError) => void;
}

/**
 * What the bodies of all answers that are under way take together, in the whole process: each is bounded, but there may be
 * as many brokers as tenants make, and each may take its time. When there is no room the one that began first goes: an
 * honest answer comes quickly.
 */
export class BodyBudget {
  readonly #budgetBytes: number;
  /** Bytes of each, in the order in which they became large. */
  readonly #large = new Map<Receiver, number>();
  #totalBytes = 0;

  constructor(bytes = budgetBytes) {
    this.#budgetBytes = bytes;
  }

  /** `receiver` has `bytes` now. */
  holds(receiver: Receiver, bytes: number): void {
    if (bytes <= freeBytes) return;
    this.#totalBytes += bytes - (this.#large.get(receiver) ?? 0);
    this.#large.set(receiver, bytes);
    while (this.#totalBytes > this.#budgetBytes) {
      const [first] = this.#large.keys();
      if (first === undefined) return;
      this.leaves(first);
      first.stop(
        new ExcessError(
          `no room: answers under way from all brokers are more than ${this.#text()}, try later`,
        ),
      );
    }
  }

  leaves(receiver: Receiver): void {
    this.#totalBytes -= this.#large.get(receiver) ?? 0;
    this.#large.delete(receiver);
  }

  #text(): string {
    return `${Math.floor(this.#budgetBytes / mebibyte)} MiB`;
  }
}

export const bodyBudget = new BodyBudget();
