import type { CatalogOutcome, Failure, FailureReason } from '../osb/outcome-types.ts';

/** The way to a catalog, in the order in which it is gone. `token` is only there with OAuth2. */
const stepNames = ['token', 'address', 'connection', 'tls', 'http', 'login', 'version', 'catalog'] as const;
export type StepName = (typeof stepNames)[number];

/** What kind of broker is asked. */
export interface Way {
  /** The URL is https. */
  readonly isTls: boolean;
  /** Its login is an access token that has to be fetched first. */
  readonly hasToken: boolean;
}

/**
 * `unknown`: passed or not, the outcome does not tell. `not-reached`: an earlier step failed. `not-used`: there is
 * no such step, such as TLS with an http URL.
 */
export type StepResult = 'ok' | 'warning' | 'failed' | 'unknown' | 'not-reached' | 'not-used';

export interface Step {
  readonly step: StepName;
  readonly result: StepResult;
  readonly reason?: FailureReason;
  readonly message?: string;
}

/** Failures of the connection: where it ended, and since when nothing is known of the steps before. */
interface End {
  readonly at: StepName;
  readonly doubt?: StepName;
}

const endOfReason: Partial<Record<FailureReason, End>> = {
  DNSFailure: { at: 'address' },
  AddressRefused: { at: 'address' },
  ConnectionRefused: { at: 'connection' },
  ConnectionFailed: { at: 'connection' },
  // A proxy looks names up itself.
  ProxyFailure: { at: 'connection', doubt: 'address' },
  TLSUntrusted: { at: 'tls' },
  TLSHostnameMismatch: { at: 'tls' },
  TLSExpired: { at: 'tls' },
  TLSFailure: { at: 'tls' },
  ConnectionReset: { at: 'http', doubt: 'tls' },
  // The deadline is for the whole exchange.
  Timeout: { at: 'http', doubt: 'address' },
  Cancelled: { at: 'http', doubt: 'token' },
  InvalidRequest: { at: 'http', doubt: 'token' },
  Redirect: { at: 'http' },
  TokenFailure: { at: 'token' },
  Unauthorized: { at: 'login' },
  Forbidden: { at: 'login' },
  UnsupportedVersion: { at: 'version', doubt: 'login' },
  BadCatalog: { at: 'catalog' },
};

/** Each step of one catalog request, as far as its outcome tells. */
export function stepsOf(outcome: CatalogOutcome, { isTls, hasToken }: Way): readonly Step[] {
  const end = outcome.kind === 'failed' ? endOf(outcome) : undefined;
  const steps = stepNames.filter((step) => step !== 'token' || hasToken);
  return steps.map((step): Step => {
    if (outcome.kind === 'failed' && step === end?.at) {
      return { step, result: 'failed', reason: outcome.reason, message: outcome.message };
    }
    if (step === 'tls' && !isTls) return { step, result: 'not-used', message: 'the URL is http' };
    return { step, result: end === undefined ? 'ok' : resultBeside(step, end) };
  });
}

function endOf(failure: Failure): End {
  const known = endOfReason[failure.reason];
  if (known !== undefined) return known;
  // Without a status what came was no HTTP. With one, it may have come from anything on the way, before any login.
  return failure.status === undefined ? { at: 'http' } : { at: 'catalog', doubt: 'login' };
}

function resultBeside(step: StepName, { at, doubt }: End): StepResult {
  const place = stepNames.indexOf(step);
  if (place > stepNames.indexOf(at)) return 'not-reached';
  return doubt !== undefined && place >= stepNames.indexOf(doubt) ? 'unknown' : 'ok';
}
