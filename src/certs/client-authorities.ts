import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sleep } from '../base/abort.ts';
import { errorFields, type Logger } from '../base/logger.ts';

export interface ClientAuthoritiesDeps {
  /** PEM file with one or more certificates. */
  readonly file: string;
  readonly logger: Logger;
  /** @default 10_000 */
  readonly pollMs?: number;
}

/** As `openssl` and `kubectl` write them. */
const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Who may vouch for those that call the webhook, as a file says. It is read again and again, like `CertificateFiles`: an
 * authority that is replaced while nobody looks would lock the API server out.
 */
export class ClientAuthorities {
  readonly #deps: ClientAuthoritiesDeps;
  readonly #listeners = new Set<() => void>();
  #current: string;

  private constructor(deps: ClientAuthoritiesDeps, current: string) {
    this.#deps = deps;
    this.#current = current;
  }

  /** @throws Error when the file holds no certificates: whoever names it wants nobody else to be let in */
  static async open(deps: ClientAuthoritiesDeps): Promise<ClientAuthorities> {
    return new ClientAuthorities(deps, await readBundle(deps.file));
  }

  /** PEM. */
  get current(): string {
    return this.#current;
  }

  /** Calls the listener when there are others; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the file until the signal aborts. Never rejects; what can not be used leaves the old ones in force. */
  async start(signal: AbortSignal): Promise<void> {
    const { file, logger, pollMs = 10_000 } = this.#deps;
    while (!signal.aborted) {
      await sleep(pollMs, signal);
      try {
        const bundle = await readBundle(file);
        if (bundle === this.#current) continue;
        this.#current = bundle;
        logger.info({ file }, 'authorities of clients read');
        for (const listener of this.#listeners) listener();
      } catch (error) {
        logger.warn(errorFields(error), 'authorities of clients can not be read; the old ones stay');
      }
    }
  }
}

async function readBundle(file: string): Promise<string> {
  const found = (await readFile(file, 'utf8')).match(certificates) ?? [];
  if (found.length === 0) throw new Error(`${file} holds no PEM certificate`);
  // Throws for what is none: OpenSSL would leave it out without a word.
  return found.map((pem) => new X509Certificate(pem).toString()).join('');
}
