import { constants, generateKeyPair, privateEncrypt, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { md, pki } from 'node-forge';
import { isIssuedBy, isPair, servesNames } from './certificate-facts.ts';
import type { CertificatePair, LeafNames, Validity } from './certificate-types.ts';

/** An RSA key pair, PEM: SPKI and PKCS#8. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Makes the keys of a new certificate; tests bring their own, since making them is slow. */
export type KeySource = () => Promise<KeyPair>;

type Forge = Awaited<ReturnType<typeof loadForge>>;

const generateKeys = promisify(generateKeyPair);

/** A new self-signed authority. Its name is unique, so that verifiers tell the old from the new one in a bundle. */
export async function createAuthority(
  validity: Validity,
  keySource: KeySource = rsaKeys,
): Promise<CertificatePair> {
  const [forge, keys] = await Promise.all([loadForge(), keySource()]);
  const certificate = template(forge, keys.publicKey, validity);
  const name = [{ name: 'commonName', value: `bindery-webhook-ca-${certificate.serialNumber.slice(0, 8)}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(forge, certificate, keys.privateKey, keys.privateKey);
}

/**
 * A server certificate signed by the authority, for these names and addresses.
 * @throws Error when what was made is not what verifiers will accept: better here than at the next handshake
 */
export async function issueLeaf(
  authority: CertificatePair,
  names: LeafNames,
  validity: Validity,
  keySource: KeySource = rsaKeys,
): Promise<CertificatePair> {
  const [forge, keys] = await Promise.all([loadForge(), keySource()]);
  const issuer = forge.pki.certificateFromPem(authority.cert);
  const certificate = template(forge, keys.publicKey, validity);
  certificate.setSubject([{ name: 'commonName', value: commonName(names) }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
    {
      name: 'subjectAltName',
      altNames: [
        ...names.dnsNames.map((value) => ({ type: 2, value })),
        ...names.ipAddresses.map((ip) => ({ type: 7, ip })),
      ],
    },
  ]);
  const pair = sign(forge, certificate, authority.key, keys.privateKey);
  if (isPair(pair) && isIssuedBy(pair.cert, authority.cert) && servesNames(pair.cert, names)) return pair;
  throw new Error('the server certificate that was made can not be used');
}

/** Native keys, made off the main thread; forge's own would block it for seconds. */
export async function rsaKeys(): Promise<KeyPair> {
  return generateKeys('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** Only when a certificate is made: a process with the controller role alone never makes one. */
async function loadForge() {
  return (await import('node-forge')).default;
}

function template(forge: Forge, publicKey: string, { notBeforeMs, notAfterMs }: Validity): pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(notBeforeMs);
  certificate.validity.notAfter = new Date(notAfterMs);
  return certificate;
}

/** 127 random bits: positive, as X.509 demands, and never the same twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** DER of a DigestInfo for SHA-256 up to the digest itself (RFC 8017, 9.2, note 1). */
const sha256DigestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * Forge writes the certificate and asks the key for a signature; the key here has it made natively (PKCS #1 v1.5).
 * Forge's own arithmetic takes a hundred times longer and blocks the main thread.
 */
function sign(forge: Forge, certificate: pki.Certificate, signingKey: string, key: string): CertificatePair {
  const signer = {
    sign: (digest: md.MessageDigest): string => {
      const bytes = Buffer.from(digest.digest().getBytes(), 'latin1');
      const info = Buffer.concat([sha256DigestInfo, bytes]);
      return privateEncrypt({ key: signingKey, padding: constants.RSA_PKCS1_PADDING }, info).toString(
        'latin1',
      );
    },
  };
  certificate.sign(signer as unknown as pki.rsa.PrivateKey, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate).replaceAll('\r', ''), key };
}

/** X.509 limits a common name to 64 characters; verifiers look at the alternative names only. */
function commonName({ dnsNames, ipAddresses }: LeafNames): string {
  return [...dnsNames, ...ipAddresses].find((name) => name.length <= 64) ?? 'bindery-webhook';
}
