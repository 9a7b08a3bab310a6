import { errorMessage } from '../base/logger.ts';

/** What can go wrong between us and the API server, as typed errors. */

/** `details` of a v1.Status: which object it is about and, for 422, which fields are wrong. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly {
    readonly reason?: string;
    readonly message?: string;
    readonly field?: string;
  }[];
  readonly retryAfterSeconds?: number;
}

export interface KubeApiErrorOptions {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The API server answered, and the answer is no. The message is the server's own. */
export class KubeApiError extends Error {
  /** HTTP status, 400-599. */
  readonly status: number;
  /** `reason` of the v1.Status (`NotFound`, `Conflict`, …); `Unknown` when the answer was not one. */
  readonly reason: string;
  /** From the Retry-After header or the Status, milliseconds. */
  readonly retryAfterMs?: number;
  readonly details?: StatusDetails;

  constructor(options: KubeApiErrorOptions) {
    super(options.message);
    this.name = 'KubeApiError';
    this.status = options.status;
    this.reason = options.reason;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    if (options.details !== undefined) this.details = options.details;
  }
}

/**
 * No usable answer: refused, reset, timed out, TLS failure, garbage. Whether a write happened is unknown.
 * `code` is the system's or undici's (`ECONNREFUSED`, `ECONNRESET`, `UND_ERR_SOCKET`, …), or one of ours:
 * `TIMEOUT` (deadline of the call), `INACTIVE` (silent watch), `CUT` (watch ended inside a line),
 * `GARBAGE` (answer or event is not what the protocol promises), `CLOSED` (the client was closed), `TOO_LARGE`
 * (the answer has more bytes than the caller takes), `NOT_PERMITTED`
 * (the permit of the client does not hold, or has ended meanwhile).
 */
export class KubeConnectionError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'KubeConnectionError';
    this.code = code;
  }
}

/** Wraps what the HTTP layer threw. Only its message and code are told, and the path without its query. */
export function connectionError(method: string, path: string, cause: unknown): KubeConnectionError {
  const code = codeOf(cause) ?? 'UNKNOWN';
  const query = path.indexOf('?');
  const where = `${method} ${query < 0 ? path : path.slice(0, query)}`;
  // An AggregateError of several tried addresses has no message of its own.
  return new KubeConnectionError(code, `${where}: ${errorMessage(cause) || code}`, { cause });
}

function codeOf(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}

/** No credentials, or unusable ones. The message says what was looked for and what to do. */
export class CredentialsError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CredentialsError';
  }
}

export function isApiError(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError;
}

export function isNotFound(error: unknown): boolean {
  return isApiError(error) && error.status === 404;
}

/** The object changed since it was read, or a precondition (uid, resourceVersion) does not hold. */
export function isConflict(error: unknown): boolean {
  return isApiError(error) && error.status === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: unknown): boolean {
  return isApiError(error) && error.status === 409 && error.reason === 'AlreadyExists';
}

/** The permit of the client does not hold any more: trying again is no use. */
export function isNotPermitted(error: unknown): boolean {
  return error instanceof KubeConnectionError && error.code === 'NOT_PERMITTED';
}

/** The resourceVersion or continue token is too old: list again. */
export function isGone(error: unknown): boolean {
  return isApiError(error) && error.status === 410;
}

export function isForbidden(error: unknown): boolean {
  return isApiError(error) && error.status === 403;
}

export function isInvalid(error: unknown): boolean {
  return isApiError(error) && error.status === 422;
}

/** Nothing can be created in this namespace any more (403 with cause NamespaceTerminating). */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    isForbidden(error) &&
    isApiError(error) &&
    (error.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
  );
}

export function isTooManyRequests(error: unknown): boolean {
  return isApiError(error) && error.status === 429;
}

/** The object would be larger than etcd takes (1.5 MiB). The API server passes the words on, with status 500. */
export function isTooLarge(error: unknown): boolean {
  return isApiError(error) && (error.status === 413 || error.message.includes('request is too large'));
}
