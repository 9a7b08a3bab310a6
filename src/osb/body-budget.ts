import { ExcessError } from './excess.ts';

const mebibyte = 1024 * 1024;
/** Of the controller's 512 MiB. A body is in memory up to twice while it grows, and several times when it is parsed. */
const budgetBytes = 64 * mebibyte;
/** What is smaller is bounded by the number of requests that may be under way. */
const freeBytes = 64 * 1024;

/** A body that is being received, or waits to be parsed. */
interface Receiver {
  /** Whose broker sends it: a namespace, or one broker of the cluster. */
  readonly owner: string;
  /** Gives it up. */
  readonly stop: (error: ExcessError) => void;
}

/** What the brokers of one owner send. */
interface Share {
  totalBytes: number;
  /** Bytes of each, in the order in which they became large. */
  readonly large: Map<Receiver, number>;
}

/**
 * What the bodies of all answers that are under way take together, in the whole process: each is bounded, but there may be
 * as many brokers as tenants make, and each may take its time. When there is no room the owner makes some whose brokers send
 * most, and of these the one that began first goes: an honest answer comes quickly.
 */
export class BodyBudget {
  readonly #budgetBytes: number;
  readonly #shares = new Map<string, Share>();
  #totalBytes = 0;

  constructor(bytes = budgetBytes) {
    this.#budgetBytes = bytes;
  }

  /** `receiver` has `bytes` now. */
  holds(receiver: Receiver, bytes: number): void {
    if (bytes <= freeBytes) return;
    const share = this.#shares.get(receiver.owner) ?? { totalBytes: 0, large: new Map<Receiver, number>() };
    this.#shares.set(receiver.owner, share);
    this.#add(share, bytes - (share.large.get(receiver) ?? 0));
    share.large.set(receiver, bytes);
    while (this.#totalBytes > this.#budgetBytes) {
      const [first] = this.#largest()?.large.keys() ?? [];
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
    const share = this.#shares.get(receiver.owner);
    const bytes = share?.large.get(receiver);
    if (share === undefined || bytes === undefined) return;
    this.#add(share, -bytes);
    share.large.delete(receiver);
    if (share.large.size === 0) this.#shares.delete(receiver.owner);
  }

  #add(share: Share, bytes: number): void {
    share.totalBytes += bytes;
    this.#totalBytes += bytes;
  }

  #largest(): Share | undefined {
    let largest: Share | undefined;
    for (const share of this.#shares.values()) {
      if (share.totalBytes > (largest?.totalBytes ?? 0)) largest = share;
    }
    return largest;
  }

  #text(): string {
    return `${Math.floor(this.#budgetBytes / mebibyte)} MiB`;
  }
}

export const bodyBudget = new BodyBudget();
