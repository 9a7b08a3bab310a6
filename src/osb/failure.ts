import { STATUS_CODES } from 'node:http';
import { isObject } from '../base/json.ts';
import { brokerText } from './broker-text.ts';
import type { Failure, FailureReason, Operation } from './outcome-types.ts';
import type { Answer, Fault } from './reply.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Why a good status can still be a failure. */
export interface BadBody {
  readonly reason: 'MalformedResponse' | 'BodyTooLarge' | 'BadCatalog';
  readonly problem: string;
}

/** Reasons that the operator has to look at, because no user can do anything about them. */
const brokerLevel: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'DNSFailure',
  'ConnectionRefused',
  'ConnectionFailed',
  'TLSUntrusted',
  'TLSHostnameMismatch',
  'TLSExpired',
  'TLSFailure',
  'ProxyFailure',
  'AddressRefused',
  'TokenFailure',
  'CircuitOpen',
  'Unauthorized',
  'Forbidden',
  'UnsupportedVersion',
  'Redirect',
  'BadCatalog',
]);

/** Statuses that mean the same for every operation. */
const reasonOfStatus: Readonly<Record<number, FailureReason>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'UnsupportedVersion',
  429: 'TooManyRequests',
};

/** What the broker holds against this very request; repeating it changes nothing. */
const final: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'Rejected',
  'Conflict',
  'Gone',
  'AsyncRequired',
  'RequiresApp',
  'InvalidRequest',
]);

const hints: Partial<Record<FailureReason, string>> = {
  Unauthorized: 'check the credentials of the broker',
  Forbidden: 'check the credentials of the broker',
  Redirect: 'redirects are not followed; give the final URL',
  AsyncRequired: 'although the request allowed an asynchronous answer, or could not',
};

/** The failure that an answer is, for any status that is not a success of `operation`. */
export function answerFailure(operation: Operation, answer: Answer, nowMs: number): Failure {
  const reason = reasonOf(operation, answer);
  const error = errorWord(answer);
  const description = errorField(answer, 'description');
  return {
    ...verdict(operation, reason, leavesOrphan(answer.status)),
    message: statusMessage(answer, reason, error, description),
    status: answer.status,
    ...(error === undefined ? {} : { error }),
    ...(description === undefined ? {} : { description }),
    sent: true,
    ...identity(answer),
    ...resent(answer),
    ...retryAfter(answer, nowMs),
    ...flags(operation, answer),
  };
}

/** The failure that a success status with an unusable body is. */
export function badBodyFailure(operation: Operation, answer: Answer, bad: BadBody): Failure {
  return {
    // OSB, Orphan Mitigation: 200 means that nothing new was made; 201 and 202 mean that something was.
    ...verdict(operation, bad.reason, leavesOrphan(answer.status)),
    message: `the broker answered ${statusLine(answer.status)}, but ${bad.problem}`,
    status: answer.status,
    sent: true,
    ...identity(answer),
    ...resent(answer),
  };
}

/** The failure that no answer is: an orphan is possible unless the request was surely never sent. */
export function faultFailure(operation: Operation, fault: Fault): Failure {
  return {
    ...verdict(operation, fault.reason, fault.sent && fault.reason !== 'Cancelled'),
    message: fault.message,
    sent: fault.sent,
    ...identity(fault),
    ...(fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }),
  };
}

/** By what the broker's log has the request, as a field to spread. */
export function identity({ requestIdentity }: Answer | Fault): { readonly requestIdentity?: string } {
  return requestIdentity === undefined ? {} : { requestIdentity };
}

/** Whether an answer is one to a second try, as a field to spread. */
export function resent(answer: Answer): { readonly resent?: true } {
  return answer.resent === true ? { resent: true } : {};
}

/** `Retry-After` of an answer, as a field to spread. */
export function retryAfter(answer: Answer, nowMs: number): { readonly retryAfterMs?: number } {
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** `instance_usable` and `update_repeatable`, if they are booleans and have a meaning for what failed. */
export function flags(
  failed: Operation,
  answer: Answer,
): { readonly instanceUsable?: boolean; readonly updateRepeatable?: boolean } {
  const body = answer.body.kind === 'json' && isObject(answer.body.value) ? answer.body.value : {};
  const usable = failed === 'update' || failed === 'deprovision' ? body['instance_usable'] : undefined;
  const repeatable = failed === 'update' ? body['update_repeatable'] : undefined;
  return {
    ...(typeof usable === 'boolean' ? { instanceUsable: usable } : {}),
    ...(typeof repeatable === 'boolean' ? { updateRepeatable: repeatable } : {}),
  };
}

function verdict(
  operation: Operation,
  reason: FailureReason,
  orphan: boolean,
): Pick<Failure, 'kind' | 'reason' | 'disposition' | 'orphanMitigation' | 'brokerLevel'> {
  const creates = operation === 'provision' || operation === 'bind';
  const changes = creates || operation === 'update';
  return {
    kind: 'failed',
    reason,
    disposition: changes && final.has(reason) ? 'terminal' : 'retry',
    orphanMitigation: creates && orphan,
    brokerLevel: brokerLevel.has(reason),
  };
}

/** OSB, Orphan Mitigation: any 2xx but 200, and any 5xx. A final 1xx is no answer at all. 4xx never. */
function leavesOrphan(status: number): boolean {
  return status < 200 || (status > 200 && status < 300) || status >= 500;
}

function reasonOf(operation: Operation, answer: Answer): FailureReason {
  const { status } = answer;
  const known = reasonOfStatus[status];
  if (known !== undefined) return known;
  if (status === 400) return reasonOf400(answer);
  if (status === 422) return reasonOf422(operation, errorField(answer, 'error'));
  if (status >= 300 && status < 400 && status !== 304) return 'Redirect';
  if (status >= 400 && status < 500) return 'Rejected';
  return status >= 500 ? 'ServerError' : 'UnexpectedStatus';
}

/** 400 is the user's fault, except when it is about the version header or comes from a TLS port. */
function reasonOf400(answer: Answer): FailureReason {
  if (answer.body.kind === 'text' && /to (?:an )?HTTPS (?:port|server)/i.test(answer.body.text)) {
    return 'TLSFailure';
  }
  const text = `${errorField(answer, 'error') ?? ''} ${errorField(answer, 'description') ?? ''}`;
  return /x-broker-api-version/i.test(text) ? 'UnsupportedVersion' : 'Rejected';
}

/** Only the `error` word counts, never the description (OSB, Error Codes). */
function reasonOf422(operation: Operation, word: string | undefined): FailureReason {
  if (word === 'ConcurrencyError') return 'ConcurrencyError';
  if (word === 'AsyncRequired') return 'AsyncRequired';
  if (word === 'RequiresApp' && operation === 'bind') return 'RequiresApp';
  const maintained = operation === 'provision' || operation === 'update';
  return word === 'MaintenanceInfoConflict' && maintained ? 'MaintenanceInfoConflict' : 'Rejected';
}

function errorWord(answer: Answer): string | undefined {
  return errorField(answer, 'error')?.slice(0, 100);
}

function errorField(answer: Answer, name: 'error' | 'description'): string | undefined {
  if (answer.body.kind !== 'json' || !isObject(answer.body.value)) return undefined;
  return brokerText(answer.body.value[name], answer.secrets);
}

function statusMessage(
  answer: Answer,
  reason: FailureReason,
  error: string | undefined,
  description: string | undefined,
): string {
  const hint = reason === 'TLSFailure' ? 'this port speaks TLS; use https' : hints[reason];
  return [
    `the broker answered ${statusLine(answer.status)}`,
    error === undefined ? '' : ` (${error})`,
    description === undefined ? '' : `: ${description}`,
    hint === undefined ? '' : ` [${hint}]`,
  ].join('');
}

function statusLine(status: number): string {
  const phrase = STATUS_CODES[status];
  return phrase === undefined ? String(status) : `${status} ${phrase}`;
}
