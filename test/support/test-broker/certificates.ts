import { generateKeyPair, privateEncrypt } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const oneDayMs = 86_400_000;
let serial = 0x10_00_00_00;

/** An authority made on the spot, for the tests of every way in which TLS can fail. */
export class TestAuthority {
  /** Its own certificate, PEM. */
  readonly certificate: string;
  readonly #certificate: forge.pki.Certificate;
  readonly #key: string;

  private constructor(certificate: forge.pki.Certificate, key: string) {
    this.#certificate = certificate;
    this.#key = key;
    this.certificate = forge.pki.certificateToPem(certificate);
  }

  static async create(commonName: string): Promise<TestAuthority> {
    const keys = await rsaKeys();
    const certificate = blank({ commonName }, keys.publicKey);
    certificate.setIssuer(certificate.subject.attributes);
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    signWith(certificate, keys.privateKey);
    return new TestAuthority(certificate, keys.privateKey);
  }

  /** A certificate for servers and clients. Default: valid since yesterday until tomorrow. */
  async issue(request: CertificateRequest): Promise<KeyedCertificate> {
    return sign(request, this.#certificate.subject.attributes, this.#key);
  }
}

/** A certificate that nobody else vouches for. */
export async function selfSigned(request: CertificateRequest): Promise<KeyedCertificate> {
  return sign(request, undefined, undefined);
}

async function sign(
  request: CertificateRequest,
  issuer: forge.pki.CertificateField[] | undefined,
  issuerKey: string | undefined,
): Promise<KeyedCertificate> {
  const keys = await rsaKeys();
  const certificate = blank(request, keys.publicKey);
  certificate.setIssuer(issuer ?? certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: (request.names ?? []).map(alternativeName) },
  ]);
  signWith(certificate, issuerKey ?? keys.privateKey);
  return {
    certificate: forge.pki.certificateToPem(certificate),
    key: keys.privateKey,
  };
}

function blank(request: CertificateRequest, publicKey: forge.pki.rsa.PublicKey): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = (serial++).toString(16);
  certificate.validity.notBefore = request.notBefore ?? new Date(Date.now() - oneDayMs);
  certificate.validity.notAfter = request.notAfter ?? new Date(Date.now() + oneDayMs);
  certificate.setSubject([{ name: 'commonName', value: request.commonName }]);
  return certificate;
}

function alternativeName(name: string): object {
  return /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name };
}

interface Keys {
  readonly publicKey: forge.pki.rsa.PublicKey;
  /** PEM. */
  readonly privateKey: string;
}

async function rsaKeys(): Promise<Keys> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privateKey, publicKey: forge.pki.publicKeyFromPem(publicKey) };
}

/** DER of an ASN.1 DigestInfo for SHA-256, up to the digest (RFC 8017, 9.2). */
const sha256Prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Keys and signatures are Node's: node-forge's own arithmetic takes seconds inside of Jest. */
function signWith(certificate: forge.pki.Certificate, privateKey: string): void {
  const signer = {
    sign: (digest: forge.md.MessageDigest): string => {
      const bytes = Buffer.from(digest.digest().getBytes(), 'latin1');
      return privateEncrypt(privateKey, Buffer.concat([sha256Prefix, bytes])).toString('latin1');
    },
  };
  // Of the key, node-forge calls nothing but this.
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
}
