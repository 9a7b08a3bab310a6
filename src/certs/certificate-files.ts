import { readFile } from 'node:fs/promises';
import { sleep } from '../base/abort.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { CertificatePair } from './certificate-types.ts';
import { certificateFacts, isPair } from './certificate-facts.ts';

export interface CertificateFilesDeps {
  /** PEM file with the certificate and what follows it in the chain. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly logger: Logger;
  /** @default 10_000 */
  readonly pollMs?: number;
  readonly observe?: (ends: { readonly servingMs: number }) => void;
}

/**
 * A server certificate that others write into files, such as cert-manager into a mounted Secret. The files are read
 * again and again: the kubelet swaps a link to a directory, which no watch on a file sees.
 */
export class CertificateFiles {
  readonly #deps: CertificateFilesDeps;
  readonly #listeners = new Set<(pair: CertificatePair) => void>();
  #current: CertificatePair | undefined;

  private constructor(deps: CertificateFilesDeps) {
    this.#deps = deps;
  }

  /** @throws Error when there is no usable pair: whoever names files wants exactly these */
  static async open(deps: CertificateFilesDeps): Promise<CertificateFiles> {
    const files = new CertificateFiles(deps);
    const pair = await files.#read();
    if (!isPair(pair))
      throw new Error(`${deps.certFile} and ${deps.keyFile} are not a certificate and its key`);
    files.#adopt(pair);
    return files;
  }

  get current(): CertificatePair {
    if (this.#current === undefined) throw new Error('no certificate was read');
    return this.#current;
  }

  /** True when a verifier would accept the certificate at this time. */
  isValid(nowMs: number): boolean {
    const facts = certificateFacts(this.current.cert);
    return facts !== undefined && facts.notBeforeMs <= nowMs && nowMs < facts.notAfterMs;
  }

  subscribe(listener: (pair: CertificatePair) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the files until the signal aborts. Never rejects; a bad pair leaves the old one in use. */
  async start(signal: AbortSignal): Promise<void> {
    const { pollMs = 10_000, logger } = this.#deps;
    while (!signal.aborted) {
      await sleep(pollMs, signal);
      try {
        const pair = await this.#read();
        const isNew = pair.cert !== this.#current?.cert || pair.key !== this.#current.key;
        // Between the writing of the two files they do not belong together; the next look will see both.
        if (isNew && isPair(pair)) this.#adopt(pair);
      } catch (error) {
        logger.warn(errorFields(error), 'certificate files can not be read; the old certificate stays');
      }
    }
  }

  async #read(): Promise<CertificatePair> {
    const { certFile, keyFile } = this.#deps;
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { cert, key };
  }

  #adopt(pair: CertificatePair): void {
    const { logger, observe } = this.#deps;
    this.#current = pair;
    const facts = certificateFacts(pair.cert);
    if (facts !== undefined) observe?.({ servingMs: facts.notAfterMs });
    logger.info({ fingerprint: facts?.fingerprint }, 'serving certificate read');
    for (const listener of this.#listeners) listener(pair);
  }
}
