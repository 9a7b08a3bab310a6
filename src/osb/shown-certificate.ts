import type { PeerCertificate } from 'node:tls';
import { brokerText } from './broker-text.ts';

/** Who showed which certificate, when one was shown and refused. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Subject alternative names, such as `DNS:broker.example, IP Address:10.0.0.1`. */
  readonly names: string;
}

/** Some certificates are for hundreds of names. */
const maxNamesLength = 300;

/** What is worth telling of a certificate that may be refused. */
export function shownCertificate(certificate: PeerCertificate): ShownCertificate {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validFrom: dateOf(certificate.valid_from),
    validTo: dateOf(certificate.valid_to),
    names: brokerText(certificate.subjectaltname)?.slice(0, maxNamesLength) ?? 'no name at all',
  };
}

/** OpenSSL's `Nov 20 16:09:00 2026 GMT` as RFC 3339. */
function dateOf(text: string): string {
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? '(no date)' : new Date(epochMs).toISOString().replace('.000Z', 'Z');
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const parts = Object.entries(name ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return brokerText(parts.join(', ')) ?? '(none)';
}
