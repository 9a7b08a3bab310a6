import { errorMessage } from '../base/logger.ts';
import { ExcessError } from './excess.ts';
import type { FailureReason } from './outcome-types.ts';
import type { Fault } from './reply.ts';
import type { ShownCertificate } from './shown-certificate.ts';

const reasonOfCode: Readonly<Record<string, FailureReason>> = {
  ADDRESS_REFUSED: 'AddressRefused',
  ANSWER_EXCESS: 'MalformedResponse',
  ENOTFOUND: 'DNSFailure',
  ENODATA: 'DNSFailure',
  ESERVFAIL: 'DNSFailure',
  ECONNREFUSED: 'ConnectionRefused',
  ECONNRESET: 'ConnectionReset',
  EPIPE: 'ConnectionReset',
  UND_ERR_SOCKET: 'ConnectionReset',
  ETIMEDOUT: 'Timeout',
  UND_ERR_CONNECT_TIMEOUT: 'Timeout',
  UND_ERR_HEADERS_TIMEOUT: 'Timeout',
  UND_ERR_BODY_TIMEOUT: 'Timeout',
  UND_ERR_HEADERS_OVERFLOW: 'MalformedResponse',
  UND_ERR_CLOSED: 'Cancelled',
  UND_ERR_DESTROYED: 'Cancelled',
  UND_ERR_INVALID_ARG: 'InvalidRequest',
  UND_ERR_PRX_CONN: 'ProxyFailure',
  UND_ERR_PRX_TLS: 'ProxyFailure',
  UND_ERR_ABORTED: 'ProxyFailure',
  CERT_HAS_EXPIRED: 'TLSExpired',
  CERT_NOT_YET_VALID: 'TLSExpired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TLSHostnameMismatch',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLSUntrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLSUntrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'TLSUntrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLSUntrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLSUntrusted',
  CERT_SIGNATURE_FAILURE: 'TLSUntrusted',
  CERT_UNTRUSTED: 'TLSUntrusted',
  CERT_REJECTED: 'TLSUntrusted',
  CERT_REVOKED: 'TLSUntrusted',
  CERT_CHAIN_TOO_LONG: 'TLSUntrusted',
  INVALID_CA: 'TLSUntrusted',
  INVALID_PURPOSE: 'TLSUntrusted',
  PATH_LENGTH_EXCEEDED: 'TLSUntrusted',
};

const sentences: Partial<Record<FailureReason, string>> = {
  AddressRefused: 'the address is refused',
  DNSFailure: 'its name can not be resolved',
  ConnectionRefused: 'nothing listens there',
  ConnectionReset: 'the connection was closed without an answer',
  ConnectionFailed: 'the connection can not be made',
  Timeout: 'it did not answer in time',
  MalformedResponse: 'what it sent is not HTTP',
  Cancelled: 'the request was cancelled',
  InvalidRequest: 'the request can not be written as HTTP',
  ProxyFailure: 'the proxy did not connect to it',
  TLSExpired: 'its certificate is not valid at this time',
  TLSHostnameMismatch: 'its certificate is for another name',
  TLSUntrusted: 'its certificate is not signed by a trusted authority',
  TLSFailure: 'the TLS handshake failed',
};

/** What OpenSSL says when the other side's first bytes are no TLS record. */
const plainHttpCodes: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/**
 * What went wrong between us and a broker.
 * @param target host and port, as the operator wrote them
 * @param sent whether the request was on its way already
 */
export function connectionFault(
  error: unknown,
  target: string,
  sent: boolean,
  proxied: boolean,
  shown?: ShownCertificate,
): Fault {
  const code = codeOf(error);
  const reason = isParserError(error) ? 'MalformedResponse' : reasonOf(code, sent, proxied);
  const detail = [code, ...details(reason, error, shown)].filter((part) => part !== '').join('; ');
  const known = plainHttpCodes.has(code)
    ? 'what it sent is not TLS; does this port speak http?'
    : (sentences[reason] ?? 'the connection failed');
  const sentence = error instanceof ExcessError ? error.message : known;
  return {
    kind: 'fault',
    reason,
    // With TLS 1.3 a server refuses our certificate after we began to write; it read nothing of it.
    sent: sent && !code.includes('_ALERT_'),
    message: `the broker at ${target}: ${sentence}${detail === '' ? '' : ` (${detail})`}`,
  };
}

/** Undici's parser gives a code to some of its errors only. */
function isParserError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'HTTPParserError';
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function reasonOf(code: string, sent: boolean, proxied: boolean): FailureReason {
  const found = knownReason(code);
  // A connection over which the request went was made, whatever became of it.
  const known = sent && found === 'ConnectionFailed' ? 'ConnectionReset' : found;
  // Before the request went out, everything but the certificate of the far end happened between us and the proxy.
  const proxysFault = proxied && !sent && !known.startsWith('TLS') && !isOurs(known);
  return proxysFault ? 'ProxyFailure' : known;
}

function knownReason(code: string): FailureReason {
  const known = reasonOfCode[code];
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return 'DNSFailure';
  if (code.startsWith('HPE_')) return 'MalformedResponse';
  if (
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_OSSL_') ||
    code === 'EPROTO'
  ) {
    return 'TLSFailure';
  }
  return /(^|_)(CERT|CRL)(_|$)/.test(code) ? 'TLSUntrusted' : 'ConnectionFailed';
}

function isOurs(reason: FailureReason): boolean {
  return reason === 'Cancelled' || reason === 'InvalidRequest' || reason === 'AddressRefused';
}

function details(
  reason: FailureReason,
  error: unknown,
  shown: ShownCertificate | undefined,
): readonly string[] {
  if (shown !== undefined && reason.startsWith('TLS')) return certificateDetails(reason, shown);
  // Of all messages only these add something to the code, and none of them can hold what we sent.
  const explains =
    reason === 'TLSHostnameMismatch' || reason === 'AddressRefused' || reason === 'ProxyFailure';
  return explains ? [errorMessage(error).slice(0, 300)] : [];
}

function certificateDetails(reason: FailureReason, shown: ShownCertificate): readonly string[] {
  const { subject, issuer, names, validFrom, validTo } = shown;
  const facts = [`subject ${subject}`, `issuer ${issuer}`];
  if (reason === 'TLSExpired') return [...facts, `valid from ${validFrom} to ${validTo}`];
  return reason === 'TLSHostnameMismatch' ? [...facts, `valid for ${names}`] : facts;
}
