import { X509Certificate } from 'node:crypto';
import {
  issueClientCertificate,
  issueServerCertificate,
  makeAuthority,
} from '../../../cluster/certificates.ts';

describe('certificates of a control plane', () => {
  it('are signed by their authority and by no other', async () => {
    const [authority, stranger] = await Promise.all([makeAuthority('one'), makeAuthority('other')]);
    const server = await issueServerCertificate(authority, { dns: ['localhost'], ips: ['127.0.0.1'] });
    const certificate = new X509Certificate(server.certificatePem);
    const own = new X509Certificate(authority.certificatePem);
    expect(own.ca).toBe(true);
    expect(own.verify(own.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(own)).toBe(true);
    expect(certificate.verify(own.publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(stranger.certificatePem).publicKey)).toBe(false);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('elsewhere')).toBeUndefined();
  });

  it.each([
    ['jane@example.com', ['developers', 'on_call']],
    ['system:serviceaccount:shop:cart', ['system:serviceaccounts']],
    ['Zoë', []],
  ])('name the user %s and their groups', async (commonName, organizations) => {
    const authority = await makeAuthority('one');
    const client = await issueClientCertificate(authority, { commonName, organizations });
    const { subject } = new X509Certificate(client.certificatePem).toLegacyObject();
    expect(subject).toMatchObject({ CN: commonName });
    expect([subject['O'] ?? []].flat()).toEqual(organizations);
  });
});
