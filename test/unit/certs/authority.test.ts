import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueLeaf } from '../../../src/certs/authority.ts';
import type { CertificatePair } from '../../../src/certs/certificate-types.ts';
import { certificateFacts, isIssuedBy, isPair } from '../../../src/certs/certificate-facts.ts';

const now = Date.now();
const validity = { notBeforeMs: now - 3_600_000, notAfterMs: now + 86_400_000 };
const names = {
  dnsNames: ['bindery-webhook.bindery.svc', 'bindery-webhook.bindery.svc.cluster.local'],
  ipAddresses: ['127.0.0.1', '::1'],
};

let authority: CertificatePair;
let other: CertificatePair;
let leaf: CertificatePair;

beforeAll(async () => {
  [authority, other] = await Promise.all([createAuthority(validity), createAuthority(validity)]);
  leaf = await issueLeaf(authority, names, validity);
});

it('an authority signs itself and may sign others, but no further authorities', () => {
  const certificate = new X509Certificate(authority.cert);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(isPair(authority)).toBe(true);
  expect(certificate.subject).toMatch(/^CN=bindery-webhook-ca-[0-9a-f]{8}$/);
});

it('two authorities differ in name and serial number', () => {
  const [a, b] = [new X509Certificate(authority.cert), new X509Certificate(other.cert)];
  expect(a.subject).not.toBe(b.subject);
  expect(a.serialNumber).not.toBe(b.serialNumber);
  expect(a.serialNumber).toHaveLength(32);
});

it('a leaf has the names and addresses, and the validity to the second', () => {
  const certificate = new X509Certificate(leaf.cert);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkHost('bindery-webhook.bindery.svc')).toBeDefined();
  expect(certificate.checkHost('else.where')).toBeUndefined();
  expect(certificate.checkIP('127.0.0.1')).toBeDefined();
  expect(certificate.checkIP('::1')).toBeDefined();
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(certificateFacts(leaf.cert)).toMatchObject({
    notBeforeMs: Math.floor(validity.notBeforeMs / 1000) * 1000,
    notAfterMs: Math.floor(validity.notAfterMs / 1000) * 1000,
    isAuthority: false,
  });
});

it('who signed is known', () => {
  expect(isIssuedBy(leaf.cert, authority.cert)).toBe(true);
  expect(isIssuedBy(leaf.cert, other.cert)).toBe(false);
  expect(isPair({ cert: leaf.cert, key: authority.key })).toBe(false);
});

it('a name longer than a common name can be is still served', async () => {
  const long = `${'a'.repeat(60)}.bindery.svc`;
  const pair = await issueLeaf(authority, { dnsNames: [long], ipAddresses: [] }, validity);
  expect(new X509Certificate(pair.cert).checkHost(long)).toBe(long);
});

it.each(['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'no certificate: %j',
  (text) => {
    expect(certificateFacts(text)).toBeUndefined();
    expect(isPair({ cert: text, key: text })).toBe(false);
    expect(isIssuedBy(text, text)).toBe(false);
  },
);

it.each([
  ['only the signing authority', () => authority.cert],
  ['a bundle in which it is the second', () => other.cert + authority.cert],
])('a client that trusts %s connects', async (_title, ca) => {
  const server = createServer({ ...leaf }, (socket) => socket.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const [serverName] = names.dnsNames;
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca: ca(), servername: serverName! });
      socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
      socket.on('error', reject);
    });
    expect(text).toBe('hello');
  } finally {
    server.close();
  }
});
