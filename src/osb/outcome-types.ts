import type { Catalog, CatalogProblem } from './types.ts';

/** All requests that can be made of a broker. */
export const operations = [
  'catalog',
  'provision',
  'getInstance',
  'update',
  'deprovision',
  'pollInstance',
  'bind',
  'getBinding',
  'unbind',
  'pollBinding',
] as const;
export type Operation = (typeof operations)[number];

/** Why a request failed: one word per thing that a person would do differently about it. */
export type FailureReason =
  // The request was never sent.
  | 'DNSFailure'
  | 'ConnectionRefused'
  | 'ConnectionFailed'
  | 'TLSUntrusted'
  | 'TLSHostnameMismatch'
  | 'TLSExpired'
  | 'TLSFailure'
  | 'ProxyFailure'
  | 'AddressRefused'
  | 'InvalidRequest'
  | 'TokenFailure'
  | 'CircuitOpen'
  | 'Busy'
  | 'Withheld'
  // The answer did not come, or not whole.
  | 'Timeout'
  | 'ConnectionReset'
  | 'Cancelled'
  | 'BodyTooLarge'
  | 'MalformedResponse'
  | 'BadCatalog'
  // The broker said so.
  | 'Unauthorized'
  | 'Forbidden'
  | 'UnsupportedVersion'
  | 'Redirect'
  | 'Rejected'
  | 'Conflict'
  | 'ConcurrencyError'
  | 'AsyncRequired'
  | 'RequiresApp'
  | 'MaintenanceInfoConflict'
  | 'TooManyRequests'
  | 'RequestTimeout'
  | 'NotFound'
  | 'Gone'
  | 'ServerError'
  | 'UnexpectedStatus';

export interface Failure {
  readonly kind: 'failed';
  readonly reason: FailureReason;
  /** Fit for a condition: at most about 1.2 KiB, no control characters, no secret of ours. */
  readonly message: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** The broker's `error` word. */
  readonly error?: string;
  /** The broker's `description`, at most 1 KiB. Untrusted text. */
  readonly description?: string;
  /** terminal: do not repeat until the user, or the catalog, changes something. Never so for deletes and reads. */
  readonly disposition: 'retry' | 'terminal';
  /**
   * The thing may exist at the broker and has to be deleted (OSB, Orphan Mitigation). Only ever true for provision
   * and bind: a failed delete is mitigated by repeating it, a failed update never by deleting.
   */
  readonly orphanMitigation: boolean;
  /** False when the broker surely never saw the request. */
  readonly sent: boolean;
  /** The X-Broker-API-Request-Identity of the request, by which the broker's log has it. */
  readonly requestIdentity?: string;
  /** This is what a second try came to; nobody knows what became of the first, whose connection died. */
  readonly resent?: true;
  /** The broker's `Retry-After`, 0 to one day. */
  readonly retryAfterMs?: number;
  /** Only for update and deprovision, and only if the broker said so; absent means usable. */
  readonly instanceUsable?: boolean;
  /** Only for update, and only if the broker said so; absent means repeatable. */
  readonly updateRepeatable?: boolean;
  /** The operator's business, not the user's: address, TLS, credentials, version. */
  readonly brokerLevel: boolean;
}

/** What a write came to. Never thrown. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly status: number; readonly body: T; readonly resent?: true }
  | {
      readonly kind: 'accepted';
      readonly status: number;
      readonly body: T;
      readonly resent?: true;
      /** To be echoed in every poll. */
      readonly operation?: string;
      readonly retryAfterMs?: number;
    }
  | Failure;

/** What a poll of `last_operation` came to. */
export type PollOutcome =
  | { readonly kind: 'in-progress'; readonly description?: string; readonly retryAfterMs?: number }
  | { readonly kind: 'succeeded'; readonly description?: string }
  | {
      readonly kind: 'failed';
      readonly description?: string;
      readonly instanceUsable?: boolean;
      readonly updateRepeatable?: boolean;
    }
  /** 410: success while deleting; otherwise keep polling. */
  | { readonly kind: 'gone' }
  /** 404: while deleting send the DELETE again and expect 410; otherwise keep polling. */
  | { readonly kind: 'absent' }
  /** Anything else: keep polling until the limit. */
  | { readonly kind: 'unclear'; readonly failure: Failure };

export type FetchOutcome<T> = { readonly kind: 'done'; readonly status: number; readonly body: T } | Failure;

export type CatalogOutcome =
  | {
      readonly kind: 'catalog';
      readonly catalog: Catalog;
      /** Items that were left out, each with its JSON path; the rest is good. */
      readonly problems: readonly CatalogProblem[];
      readonly etag?: string;
    }
  | { readonly kind: 'unchanged' }
  | Failure;
