import { adviceAfter, registration } from '../../../src/cli/probe-advice.ts';
import type { BrokerClientOptions } from '../../../src/osb/options.ts';
import type { FailureReason } from '../../../src/osb/outcome-types.ts';

const url = 'https://b.example/osb';
const plain: BrokerClientOptions = { url };
const basic = { kind: 'basic', username: 'u', password: 'secret word' } as const;

describe('what to do next', () => {
  it.each<[FailureReason, Partial<BrokerClientOptions>, string]>([
    ['AddressRefused', {}, '--allow-loopback-brokers, here and for the controller'],
    ['TLSUntrusted', {}, '--ca-file; on the object, in spec.caBundle'],
    ['TLSUntrusted', { tls: { ca: 'pem' } }, 'not among the authorities of --ca-file'],
    ['ConnectionReset', { url: 'http://b.example' }, 'try https'],
    ['ConnectionReset', {}, '--client-certificate-file'],
    ['Unauthorized', {}, 'no credentials were sent: --username'],
    ['Unauthorized', { auth: basic }, 'check the credentials'],
    ['NotFound', {}, `${url}/v2/catalog`],
    ['UnsupportedVersion', {}, '--api-version'],
    ['ServerError', {}, 'see what the broker logs'],
  ])('after %s with %j', (reason, options, expected) => {
    expect(adviceAfter(reason, { ...plain, ...options })).toContain(expected);
  });

  it.each<[string, Partial<BrokerClientOptions>, readonly string[]]>([
    ['nothing else', {}, [url]],
    ['a token', { auth: { kind: 'bearer', token: 'secret word' } }, ['spec.authInfo.bearer']],
    [
      'everything else',
      {
        auth: basic,
        tls: { ca: 'pem', clientCertificate: 'pem', clientKey: 'secret word' },
        apiVersion: '2.14',
        allowLoopback: true,
      },
      [
        'spec.authInfo.basic',
        'spec.caBundle',
        'servicecatalog.k8s.io/client-certificate-secret',
        'servicecatalog.k8s.io/osb-api-version',
        '--allow-loopback-brokers',
      ],
    ],
  ])('with a good broker names what the object needs: %s', (_name, options, expected) => {
    const text = registration({ ...plain, ...options });
    for (const part of expected) expect(text).toContain(part);
    expect(text).not.toContain('secret word');
  });
});
