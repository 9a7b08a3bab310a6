import { randomUUID } from 'node:crypto';

/** Secrets that can be recognised wherever they turn up: the test of "no credential in any log". */
export class SecretMarkers {
  readonly #markers = new Set<string>();

  plant(): string {
    const marker = `marked-secret-${randomUUID()}`;
    this.#markers.add(marker);
    return marker;
  }

  /** The markers inside of a text, in clear or as base64. */
  foundIn(text: string): readonly string[] {
    return [...this.#markers].filter(
      (marker) => text.includes(marker) || text.includes(Buffer.from(marker).toString('base64').slice(0, 40)),
    );
  }
}
