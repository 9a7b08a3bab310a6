import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { CertificatePair, LeafNames, Validity } from './certificate-types.ts';

/** What the program wants to know of a certificate that it has in hand. */
export interface CertificateFacts extends Validity {
  /** SHA-256, for logs: it identifies the certificate and reveals nothing. */
  readonly fingerprint: string;
  readonly isAuthority: boolean;
}

/** Reads a PEM certificate; undefined when it is none. */
export function certificateFacts(pem: string): CertificateFacts | undefined {
  const certificate = parse(pem);
  if (certificate === undefined) return undefined;
  return {
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
    isAuthority: certificate.ca,
  };
}

/** True when the key belongs to the certificate and both can be read. */
export function isPair({ cert, key }: CertificatePair): boolean {
  try {
    return parse(cert)?.checkPrivateKey(createPrivateKey(key)) === true;
  } catch {
    return false;
  }
}

/** True when the authority has signed the certificate. */
export function isIssuedBy(cert: string, authority: string): boolean {
  const issuer = parse(authority);
  return issuer !== undefined && parse(cert)?.verify(issuer.publicKey) === true;
}

/** True when verifiers find every name and address in the certificate. */
export function servesNames(cert: string, { dnsNames, ipAddresses }: LeafNames): boolean {
  const certificate = parse(cert);
  return (
    dnsNames.every((name) => certificate?.checkHost(name) !== undefined) &&
    ipAddresses.every((address) => certificate?.checkIP(address) !== undefined)
  );
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
