import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { Heartbeat } from '../base/heartbeat.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { issueLeaf, rsaKeys, type KeyPair, type KeySource } from './authority.ts';
import type { CertificatePair, LeafNames } from './certificate-types.ts';
import type { CaSecret } from './ca-secret.ts';
import { certificateFacts, isIssuedBy } from './certificate-facts.ts';
import {
  bundleOf,
  isRenewalDue,
  isValidAt,
  validityFrom,
  type AuthorityState,
  type RotationTimes,
} from './rotation.ts';

export interface ServingCertificateDeps {
  readonly authority: CaSecret;
  readonly names: LeafNames;
  readonly times: RotationTimes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the bundle is in all webhook configurations; an authority signs only when it is. */
  readonly isPublished: (bundle: string) => boolean;
  /** Called when the bundle has changed. */
  readonly bundleChanged?: () => void;
  /** How often the Secret and the wall clock are looked at. @default 60_000 */
  readonly pollMs?: number;
  readonly keySource?: KeySource;
  /** For metrics: when the certificate and its authority end, milliseconds since the epoch. */
  readonly observe?: (ends: { readonly servingMs: number; readonly authorityMs: number }) => void;
}

/** After a failure the next attempt comes sooner than the next look at the clock. */
const retryMs = 2_000;
/** Far beyond the poll interval and the deadlines of the requests in between. */
const maxPauseMs = 600_000;

/**
 * A server certificate of this process, made anew in memory at every start and long before it ends. Time is looked at
 * again and again instead of being waited for: a machine that was asleep, or whose clock was set, is noticed.
 */
export class ServingCertificate {
  /** Resolves when there is a certificate. */
  readonly ready: Promise<void>;
  readonly #deps: ServingCertificateDeps;
  readonly #heartbeat = new Heartbeat(maxPauseMs);
  readonly #listeners = new Set<(pair: CertificatePair) => void>();
  readonly #announce = Promise.withResolvers<void>();
  #current: CertificatePair | undefined;
  #bundle = '';
  /** Keys of the next certificate, when they are being made already. */
  #keys: Promise<KeyPair> | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(deps: ServingCertificateDeps) {
    this.#deps = deps;
    this.ready = this.#announce.promise;
  }

  /** @throws Error before `ready` */
  get current(): CertificatePair {
    if (this.#current === undefined) throw new Error('there is no serving certificate yet: wait for ready');
    return this.#current;
  }

  /** What verifiers have to trust, PEM; empty before `ready`. */
  get bundle(): string {
    return this.#bundle;
  }

  /** True when a verifier would accept the certificate now. */
  isValid(): boolean {
    return this.#current !== undefined && isValidAt(this.#current.cert, this.#deps.clock.now());
  }

  /** False when the renewal stands still. */
  isAlive(): boolean {
    return this.#heartbeat.isAlive();
  }

  /** Calls the listener with every new certificate; returns how to stop that. */
  subscribe(listener: (pair: CertificatePair) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the certificate valid until the signal aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { pollMs = 60_000, logger } = this.#deps;
    // The first certificate is what a start waits for longest: its keys are made while the Secret is read.
    void this.#prepareKeys();
    while (!signal.aborted) {
      this.#heartbeat.beat();
      let waitMs = pollMs;
      try {
        await this.refresh(signal);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = Math.min(pollMs, retryMs);
        logger.warn(errorFields(error), 'webhook authority can not be read; what is known stays in use');
        await this.#renewFromMemory().catch((renewal: unknown) =>
          logger.error(errorFields(renewal), 'serving certificate can not be renewed'),
        );
      }
      await sleep(waitMs, signal);
    }
  }

  /** Agrees with the other replicas on the authority and renews the certificate when that is due. */
  refresh(signal: AbortSignal): Promise<void> {
    // Callers at the same time want the same thing.
    this.#refreshing ??= this.#refresh(signal).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const { authority, isPublished } = this.#deps;
    await this.#adopt(await authority.agree(signal, (state) => isPublished(bundleOf(state))));
  }

  #prepareKeys(): Promise<KeyPair> {
    this.#keys ??= (this.#deps.keySource ?? rsaKeys)();
    // Whoever takes them hears of a failure.
    this.#keys.catch(() => undefined);
    return this.#keys;
  }

  #takeKeys(): Promise<KeyPair> {
    const keys = this.#prepareKeys();
    this.#keys = undefined;
    return keys;
  }

  /** The API server may be away for longer than the certificate lasts. */
  async #renewFromMemory(): Promise<void> {
    const { known } = this.#deps.authority;
    if (known !== undefined) await this.#adopt(known);
  }

  async #adopt(state: AuthorityState): Promise<void> {
    const { names, times, clock, logger, observe, bundleChanged } = this.#deps;
    const bundle = bundleOf(state);
    const nowMs = clock.now();
    const authority = certificateFacts(state.current.cert);
    if (this.#needsRenewal(state, nowMs) && authority !== undefined) {
      const wanted = validityFrom(nowMs, times.leafMs, times);
      // A certificate that outlives its authority would fail before its own end.
      const validity = { ...wanted, notAfterMs: Math.min(wanted.notAfterMs, authority.notAfterMs) };
      const pair = await issueLeaf(state.current, names, validity, () => this.#takeKeys());
      this.#current = pair;
      logger.info(
        {
          fingerprint: certificateFacts(pair.cert)?.fingerprint,
          notAfter: new Date(validity.notAfterMs).toISOString(),
        },
        'serving certificate issued',
      );
      for (const listener of this.#listeners) listener(pair);
    }
    if (bundle !== this.#bundle) {
      this.#bundle = bundle;
      bundleChanged?.();
    }
    this.#announce.resolve();
    const serving = certificateFacts(this.#current?.cert ?? '');
    if (serving !== undefined && authority !== undefined) {
      observe?.({ servingMs: serving.notAfterMs, authorityMs: authority.notAfterMs });
    }
  }

  #needsRenewal({ current: authority }: AuthorityState, nowMs: number): boolean {
    const cert = this.#current?.cert;
    const facts = cert === undefined ? undefined : certificateFacts(cert);
    if (cert === undefined || facts === undefined) return true;
    return !isValidAt(cert, nowMs) || isRenewalDue(facts, nowMs) || !isIssuedBy(cert, authority.cert);
  }
}
