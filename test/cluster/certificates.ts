import { constants, generateKeyPair, privateEncrypt, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

export interface KeyAndCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Subject {
  /** Kubernetes reads the user's name from it. */
  readonly commonName: string;
  /** Kubernetes reads the user's groups from them. */
  readonly organizations?: readonly string[];
}

const generateKey = promisify(generateKeyPair);
const sha256Prefix = '3031300d060960864801650304020105000420';
const validityMs = 365 * 24 * 3_600_000;
/** Clocks of two processes may differ a little. */
const backdateMs = 3_600_000;

/** A certificate authority that signs its own certificate. */
export async function makeAuthority(commonName: string): Promise<KeyAndCertificate> {
  const { certificate, keyPem } = await newCertificate({ commonName });
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(certificate, keyPem, keyPem);
}

/** A certificate with which a server on loopback answers. */
export async function issueServerCertificate(
  authority: KeyAndCertificate,
  names: { readonly dns: readonly string[]; readonly ips: readonly string[] },
): Promise<KeyAndCertificate> {
  return issue(authority, { commonName: names.dns[0] ?? 'server' }, [
    { name: 'extKeyUsage', serverAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.dns.map((value) => ({ type: 2, value })),
        ...names.ips.map((ip) => ({ type: 7, ip })),
      ],
    },
  ]);
}

/** A certificate with which a user of the API server says who they are. */
export async function issueClientCertificate(
  authority: KeyAndCertificate,
  subject: Subject,
): Promise<KeyAndCertificate> {
  return issue(authority, subject, [{ name: 'extKeyUsage', clientAuth: true }]);
}

async function issue(
  authority: KeyAndCertificate,
  subject: Subject,
  extensions: readonly object[],
): Promise<KeyAndCertificate> {
  const { certificate, keyPem } = await newCertificate(subject);
  certificate.setIssuer(forge.pki.certificateFromPem(authority.certificatePem).subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    ...extensions,
  ]);
  return sign(certificate, keyPem, authority.keyPem);
}

async function newCertificate(
  subject: Subject,
): Promise<{ certificate: forge.pki.Certificate; keyPem: string }> {
  // Node makes the key: forge's own prime search takes seconds.
  const key = await generateKey('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(key.publicKey);
  // RFC 5280 4.1.2.2: positive, at most 20 octets.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - backdateMs);
  certificate.validity.notAfter = new Date(Date.now() + validityMs);
  certificate.setSubject([
    attribute('commonName', subject.commonName),
    ...(subject.organizations ?? []).map((name) => attribute('organizationName', name)),
  ]);
  return { certificate, keyPem: key.privateKey };
}

/** As UTF-8: a name such as `user@example` has characters that forge's default, PrintableString, may not hold. */
function attribute(name: string, value: string): forge.pki.CertificateField {
  return { name, value, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class };
}

/**
 * Forge builds the certificate, Node signs it: forge's own arithmetic takes seconds inside Jest. What forge hands
 * to a key is the digest; RSASSA-PKCS1-v1_5 (RFC 8017 9.2) encrypts it behind a prefix that names SHA-256.
 */
function sign(certificate: forge.pki.Certificate, keyPem: string, signingKeyPem: string): KeyAndCertificate {
  const nativeKey = {
    sign: (digest: forge.md.MessageDigest) =>
      privateEncrypt(
        { key: signingKeyPem, padding: constants.RSA_PKCS1_PADDING },
        Buffer.from(sha256Prefix + digest.digest().toHex(), 'hex'),
      ).toString('latin1'),
  };
  certificate.sign(nativeKey as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem };
}
