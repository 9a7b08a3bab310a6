import { sleep } from '../base/abort.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { Heartbeat } from '../base/heartbeat.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { issueLeaf, rsaKeys, type KeyPair, type KeySource } from './authority.ts';
import type { CertificatePair, LeafNames } from './certificate-types.ts';
import type { CaSecret } from './ca-secret.ts';
import { certificateFacts, isIssuedBy } from './certificate-facts.ts';
import {
  bundleOf,
  isPublished,
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
  /** How often the Secret and the wall clock are looked at. @default 60_000 */
  readonly pollMs?: number;
  readonly keySource?: KeySource;
  /** For metrics: when the certificate and its authority end, milliseconds since the epoch. */
  readonly observe?: (ends: { readonly servingMs: number; readonly authorityMs: number }) => void;
}

/** While nobody can trust the certificate: how soon it is looked whether that has changed. */
const untrustedBackoff = { initialMs: 50, maxMs: 2_000 };
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
  #isTrusted = false;
  #bundle = '';
  /** Keys of the next certificate, when they are being made already. */
  #keys: Promise<KeyPair> | undefined;

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

  /** True when the API server was given the authority that signed the certificate, as far as the Secret says. */
  isTrusted(): boolean {
    return this.#isTrusted;
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
    let untrusted = 0;
    let failures = 0;
    while (!signal.aborted) {
      this.#heartbeat.beat();
      let waitMs = pollMs;
      try {
        const state = await this.#deps.authority.agree(signal);
        await this.#adopt(state);
        failures = 0;
        untrusted = isPublished(state, state.current.cert) ? 0 : untrusted + 1;
        if (untrusted > 0) waitMs = Math.min(pollMs, backoffMs(untrusted, untrustedBackoff));
      } catch (error) {
        if (signal.aborted) return;
        waitMs = Math.min(pollMs, retryMs);
        // The first of a series is news, the rest is noise.
        const level = failures++ === 0 ? 'warn' : 'debug';
        logger[level](
          errorFields(error),
          'webhook authority can not be read or written; what is known stays in use',
        );
        await this.#renewFromMemory().catch((renewal: unknown) =>
          logger.error(errorFields(renewal), 'serving certificate can not be renewed'),
        );
      }
      await sleep(waitMs, signal);
    }
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
    const { names, times, clock, logger, observe } = this.#deps;
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
    this.#bundle = bundleOf(state);
    if (this.#isSignedBy(state)) this.#isTrusted = isPublished(state, state.current.cert);
    this.#announce.resolve();
    const serving = certificateFacts(this.#current?.cert ?? '');
    if (serving !== undefined && authority !== undefined) {
      observe?.({ servingMs: serving.notAfterMs, authorityMs: authority.notAfterMs });
    }
  }

  #needsRenewal(state: AuthorityState, nowMs: number): boolean {
    const cert = this.#current?.cert;
    const facts = cert === undefined ? undefined : certificateFacts(cert);
    if (cert === undefined || facts === undefined) return true;
    if (!isValidAt(cert, nowMs)) return true;
    if (this.#isSignedBy(state)) return isRenewalDue(facts, nowMs);
    // Somebody has put another authority into the Secret: the API server has to know it first.
    return isPublished(state, state.current.cert);
  }

  #isSignedBy({ current: authority }: AuthorityState): boolean {
    return this.#current !== undefined && isIssuedBy(this.#current.cert, authority.cert);
  }
}
