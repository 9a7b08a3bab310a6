import { connectionFault } from '../../../src/osb/connection-fault.ts';

const error = (code: string, message = 'said the library'): Error =>
  Object.assign(new Error(message), { code });

describe('a connection that failed', () => {
  it.each([
    ['ENOTFOUND', 'DNSFailure'],
    ['EAI_AGAIN', 'DNSFailure'],
    ['ECONNREFUSED', 'ConnectionRefused'],
    ['ECONNRESET', 'ConnectionReset'],
    ['EPIPE', 'ConnectionReset'],
    ['UND_ERR_SOCKET', 'ConnectionReset'],
    ['EHOSTUNREACH', 'ConnectionFailed'],
    ['ENETUNREACH', 'ConnectionFailed'],
    ['ETIMEDOUT', 'Timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'Timeout'],
    ['CERT_HAS_EXPIRED', 'TLSExpired'],
    ['CERT_NOT_YET_VALID', 'TLSExpired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLSHostnameMismatch'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLSUntrusted'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TLSUntrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLSUntrusted'],
    ['UNABLE_TO_GET_CRL', 'TLSUntrusted'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLSFailure'],
    ['ERR_OSSL_PEM_NO_START_LINE', 'TLSFailure'],
    ['EPROTO', 'TLSFailure'],
    ['HPE_INVALID_CONSTANT', 'MalformedResponse'],
    ['UND_ERR_CLOSED', 'Cancelled'],
    ['SOMETHING_NEW', 'ConnectionFailed'],
  ])('with %s is the reason %s', (code, reason) => {
    expect(connectionFault(error(code), 'b.example:443', false, false)).toMatchObject({
      reason,
      sent: false,
    });
  });

  it('names the target and the code, and not what the library says', () => {
    const fault = connectionFault(error('ECONNREFUSED', 'secret'), 'b.example:443', false, false);
    expect(fault.message).toBe('the broker at b.example:443: nothing listens there (ECONNREFUSED)');
  });

  const shown = {
    subject: 'CN=b',
    issuer: 'CN=Other',
    validFrom: '2026-01-01T00:00:00Z',
    validTo: '2026-02-01T00:00:00Z',
    names: 'DNS:other.example',
  };

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'subject CN=b; issuer CN=Other'],
    [
      'CERT_HAS_EXPIRED',
      'subject CN=b; issuer CN=Other; valid from 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z',
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'subject CN=b; issuer CN=Other; valid for DNS:other.example'],
  ])('tells of a certificate refused with %s what is wrong with it', (code, details) => {
    const fault = connectionFault(error(code), 'b.example', false, false, shown);
    expect(fault.message).toContain(`(${code}; ${details})`);
  });

  it('asks whether the port speaks http when what came is not TLS', () => {
    const fault = connectionFault(error('ERR_SSL_WRONG_VERSION_NUMBER'), 'b.example:80', false, false);
    expect(fault.message).toContain('does this port speak http?');
  });

  it('is lost after sending when it is unknown and the request was on its way', () => {
    expect(connectionFault(error('SOMETHING_NEW'), 'b', true, false)).toMatchObject({
      reason: 'ConnectionReset',
      sent: true,
    });
  });

  it('was never sent when the server refused our certificate', () => {
    const fault = connectionFault(error('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'b', true, false);
    expect(fault).toMatchObject({ reason: 'TLSFailure', sent: false });
  });

  it.each([
    ['ECONNREFUSED', 'ProxyFailure'],
    ['ENOTFOUND', 'ProxyFailure'],
    ['CERT_HAS_EXPIRED', 'TLSExpired'],
    ['UND_ERR_CLOSED', 'Cancelled'],
  ])('through a proxy, with %s before sending, is %s', (code, reason) => {
    expect(connectionFault(error(code), 'b', false, true)).toMatchObject({ reason });
  });

  it.each([undefined, null, 'text', 7, {}])('has a reason when %j was thrown', (thrown) => {
    expect(connectionFault(thrown, 'b', false, false)).toMatchObject({ reason: 'ConnectionFailed' });
  });
});
