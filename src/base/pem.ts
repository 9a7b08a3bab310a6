import { X509Certificate } from 'node:crypto';

const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Twice what systems ship. Each is read again with each reading of the bundle. */
const maxCertificates = 300;

/**
 * What is wrong with a bundle of PEM certificates, to be read after its place; undefined when nothing. OpenSSL itself
 * says nothing: it leaves out what it can not read, and then trusts nobody.
 */
export function certificatesProblem(pem: string): string | undefined {
  const blocks = pem.match(block) ?? [];
  if (blocks.length === 0) return 'holds no PEM certificate';
  if (blocks.length > maxCertificates) {
    return `holds ${blocks.length} PEM certificates, more than ${maxCertificates}`;
  }
  const unreadable = blocks.findIndex((certificate) => !isReadable(certificate));
  if (unreadable < 0) return undefined;
  return blocks.length === 1
    ? 'holds a PEM certificate that can not be read'
    : `holds ${blocks.length} PEM certificates, of which number ${unreadable + 1} can not be read`;
}

function isReadable(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).raw.length > 0;
  } catch {
    return false;
  }
}
