import type { CertificatePair, Validity } from './certificate-types.ts';
import { certificateFacts } from './certificate-facts.ts';

/**
 * The authorities that are in play. A verifier has to know an authority before anything is signed with it, and for as
 * long as something signed with it is served; so there is one before and one after the current one.
 */
export interface AuthorityState {
  /** Signs server certificates. */
  readonly current: CertificatePair;
  /** Published already, signing soon. */
  readonly next?: { readonly pair: CertificatePair; readonly sinceMs: number };
  /** Not signing any more, still published. */
  readonly previous?: { readonly cert: string; readonly sinceMs: number };
  /** What verifiers were given, as noted by whoever gave it to them: whoever signs may not look there. */
  readonly published?: PublishedNote;
}

export interface PublishedNote {
  /** SHA-256 of each certificate, sorted. */
  readonly fingerprints: readonly string[];
  /** When the last one of them came to it. */
  readonly sinceMs: number;
}

/** What is due. */
export type RotationStep = 'none' | 'replace' | 'prepare' | 'promote' | 'retire';

export interface RotationTimes {
  /** Life of an authority. */
  readonly authorityMs: number;
  /** Life of a server certificate: how long the previous authority stays published. */
  readonly leafMs: number;
  /** How long a new authority is published before it signs: longer than API servers take to hear of it. */
  readonly settleMs: number;
  /** Certificates begin this much in the past, for clocks that are behind. */
  readonly backdateMs: number;
}

const dayMs = 24 * 3600 * 1000;

export const defaultRotation: RotationTimes = {
  authorityMs: 365 * dayMs,
  leafMs: 7 * dayMs,
  settleMs: 5 * 60 * 1000,
  backdateMs: 3600 * 1000,
};

/** Renewal is due after two thirds of a certificate's life: enough is left for an outage of everything else. */
export function isRenewalDue({ notBeforeMs, notAfterMs }: Validity, nowMs: number): boolean {
  return nowMs >= notBeforeMs + ((notAfterMs - notBeforeMs) * 2) / 3;
}

/** True when a verifier with this clock would accept the certificate. A text that is no certificate is not valid. */
export function isValidAt(cert: string, nowMs: number): boolean {
  const facts = certificateFacts(cert);
  return facts !== undefined && facts.notBeforeMs <= nowMs && nowMs < facts.notAfterMs;
}

export function validityFrom(nowMs: number, lifeMs: number, { backdateMs }: RotationTimes): Validity {
  return { notBeforeMs: nowMs - backdateMs, notAfterMs: nowMs + lifeMs };
}

/** True when verifiers were given this certificate. */
export function isPublished({ published }: AuthorityState, cert: string): boolean {
  const fingerprint = certificateFacts(cert)?.fingerprint;
  return fingerprint !== undefined && published?.fingerprints.includes(fingerprint) === true;
}

/** The step that is due. Steps come one at a time, each after the one before it has been stored. */
export function rotationStep(state: AuthorityState, nowMs: number, times: RotationTimes): RotationStep {
  const { current, next, previous } = state;
  if (!isValidAt(current.cert, nowMs)) {
    // Nothing can be overlapped any more, after a jump of the clock for example: any valid authority is better.
    return next !== undefined && isValidAt(next.pair.cert, nowMs) ? 'promote' : 'replace';
  }
  const facts = certificateFacts(current.cert);
  if (next === undefined && facts !== undefined && isRenewalDue(facts, nowMs)) return 'prepare';
  if (nowMs - settlesSinceMs(state) >= times.settleMs) return 'promote';
  if (previous !== undefined && nowMs - previous.sinceMs >= times.leafMs) return 'retire';
  return 'none';
}

/** Since when verifiers have been hearing of the next authority; never, while it was not given to them. */
function settlesSinceMs(state: AuthorityState): number {
  const { next, published } = state;
  if (next === undefined || !isPublished(state, next.pair.cert)) return Infinity;
  return Math.max(next.sinceMs, published?.sinceMs ?? 0);
}

/**
 * The state after a step.
 * @param made a new authority, for `replace` and `prepare`
 */
export function afterStep(
  state: AuthorityState,
  step: 'prepare' | 'promote' | 'retire',
  nowMs: number,
  made?: CertificatePair,
): AuthorityState {
  const { current, next, previous, published } = state;
  const noted = published === undefined ? {} : { published };
  if (step === 'prepare' && made !== undefined) return { ...state, next: { pair: made, sinceMs: nowMs } };
  if (step === 'promote' && next !== undefined) {
    return { ...noted, current: next.pair, previous: { cert: current.cert, sinceMs: nowMs } };
  }
  return {
    ...noted,
    current,
    ...(next === undefined ? {} : { next }),
    ...(step === 'retire' || previous === undefined ? {} : { previous }),
  };
}

/** Everything that a verifier should trust now, PEM; the oldest first, so that a promotion changes nothing in it. */
export function bundleOf({ current, next, previous }: AuthorityState): string {
  const certificates = [previous?.cert, current.cert, next?.pair.cert].filter((cert) => cert !== undefined);
  return [...new Set(certificates.map((cert) => `${cert.trim()}\n`))].join('');
}

/** The note that verifiers have been given all of `bundleOf` now; undefined when it is written already. */
export function publishedNote(state: AuthorityState, nowMs: number): PublishedNote | undefined {
  const { current, next, previous, published } = state;
  const fingerprints = [previous?.cert, current.cert, next?.pair.cert]
    .flatMap((cert) => (cert === undefined ? [] : (certificateFacts(cert)?.fingerprint ?? [])))
    .toSorted();
  if (fingerprints.join() === published?.fingerprints.join()) return undefined;
  return { fingerprints: [...new Set(fingerprints)], sinceMs: nowMs };
}
