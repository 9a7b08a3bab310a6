import { sha256Hex } from '../base/hash.ts';

/**
 * Stands in a store for a value that is too large to be kept: whoever needs it reads the object. Two of them are equal
 * when their values are.
 */
export class Withheld {
  readonly bytes: number;
  readonly checksum: string;

  /** @param text in a form that equal values have in common */
  constructor(text: string) {
    this.bytes = Buffer.byteLength(text);
    this.checksum = sha256Hex(text);
  }

  /** It must not get into an object or to a broker in the place of what it stands for. */
  toJSON(): never {
    throw new TypeError(`a value of ${this.bytes} bytes that was not kept can not be written`);
  }
}
