import { jest } from '@jest/globals';
import type { BrokerTls } from '../../../src/osb/options.ts';
import type { FailureReason } from '../../../src/osb/outcome-types.ts';
import { selfSigned, TestAuthority, type KeyedCertificate } from '../../support/test-broker/certificates.ts';
import type { TestBrokerOptions } from '../../support/test-broker/test-broker.ts';
import { clientOf, never, provisionOf, withBroker, type Pair } from './harness.ts';

jest.setTimeout(30_000);

const oneDayMs = 86_400_000;
const ago = (days: number): Date => new Date(Date.now() - days * oneDayMs);

interface Certificates {
  readonly trusted: TestAuthority;
  readonly good: KeyedCertificate;
  readonly client: KeyedCertificate;
  readonly bad: Readonly<Record<string, KeyedCertificate>>;
}

const names = ['127.0.0.1', 'localhost'];
let certificates: Certificates;

beforeAll(async () => {
  const [trusted, other] = await Promise.all([
    TestAuthority.create('Trusted CA'),
    TestAuthority.create('Other CA'),
  ]);
  certificates = {
    trusted,
    good: await trusted.issue({ commonName: 'good', names }),
    client: await trusted.issue({ commonName: 'platform' }),
    bad: {
      'of an unknown authority': await other.issue({ commonName: 'stranger', names }),
      'signed by itself': await selfSigned({ commonName: 'itself', names }),
      expired: await trusted.issue({ commonName: 'old', names, notBefore: ago(3), notAfter: ago(1) }),
      'of the future': await trusted.issue({
        commonName: 'new',
        names,
        notBefore: ago(-1),
        notAfter: ago(-3),
      }),
      'for another name': await trusted.issue({ commonName: 'elsewhere', names: ['elsewhere.example'] }),
    },
  };
});

async function withTls(
  test: (pair: Pair) => Promise<void>,
  certificate: KeyedCertificate,
  tls: BrokerTls,
  more: Partial<NonNullable<TestBrokerOptions['tls']>> = {},
): Promise<void> {
  await withBroker(test, { broker: { tls: { ...certificate, ...more } }, client: { tls } });
}

describe('P03: TLS', () => {
  it('trusts the authority that the broker is said to have', async () => {
    const tls = { ca: certificates.trusted.certificate };
    await withTls(
      async ({ client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      },
      certificates.good,
      tls,
    );
  });

  it('trusts nobody else then: a private authority replaces those of the system', async () => {
    await withTls(
      async ({ client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ reason: 'TLSUntrusted' });
      },
      certificates.good,
      {},
    );
  });

  const refusals: readonly (readonly [string, FailureReason, string])[] = [
    ['of an unknown authority', 'TLSUntrusted', 'subject CN=stranger; issuer CN=Other CA'],
    ['signed by itself', 'TLSUntrusted', 'subject CN=itself; issuer CN=itself'],
    ['expired', 'TLSExpired', 'subject CN=old; issuer CN=Trusted CA; valid from 20'],
    ['of the future', 'TLSExpired', 'subject CN=new; issuer CN=Trusted CA; valid from 20'],
    [
      'for another name',
      'TLSHostnameMismatch',
      'subject CN=elsewhere; issuer CN=Trusted CA; valid for DNS:elsewhere.example',
    ],
  ];

  it.each(refusals)('refuses a certificate %s, and sends nothing (H28)', async (kind, reason, detail) => {
    const certificate = certificates.bad[kind] ?? certificates.good;
    await withTls(
      async ({ broker, client }) => {
        const outcome = await client.provision(provisionOf(), never);
        expect(outcome).toMatchObject({
          reason,
          message: expect.stringContaining(detail) as unknown,
          disposition: 'retry',
          orphanMitigation: false,
          brokerLevel: true,
        });
        expect(broker.requests).toEqual([]);
      },
      certificate,
      { ca: certificates.trusted.certificate },
    );
  });

  it.each(refusals)('takes a certificate %s when told to skip the check', async (kind) => {
    const certificate = certificates.bad[kind] ?? certificates.good;
    await withTls(
      async ({ client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      },
      certificate,
      { insecureSkipVerify: true },
    );
  });

  it('shows its own certificate to a broker that asks', async () => {
    const { client: own, trusted, good } = certificates;
    const tls = { ca: trusted.certificate, clientCertificate: own.certificate, clientKey: own.key };
    await withTls(
      async ({ client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      },
      good,
      tls,
      { clientCa: trusted.certificate },
    );
  });

  it('gets no answer from a broker that asks, without one', async () => {
    const { trusted, good } = certificates;
    await withTls(
      async ({ broker, client }) => {
        const outcome = await client.provision(provisionOf(), never);
        expect(outcome).toMatchObject({ kind: 'failed', disposition: 'retry' });
        expect(broker.requests).toEqual([]);
      },
      good,
      { ca: trusted.certificate },
      { clientCa: trusted.certificate },
    );
  });

  it('says what is wrong with a client certificate that is none', async () => {
    const { trusted, good } = certificates;
    const tls = {
      ca: trusted.certificate,
      clientCertificate: 'secret nonsense',
      clientKey: 'secret nonsense',
    };
    await withTls(
      async ({ client }) => {
        const outcome = await client.provision(provisionOf(), never);
        expect(outcome).toMatchObject({ reason: 'TLSFailure', orphanMitigation: false });
        expect(JSON.stringify(outcome)).not.toContain('nonsense');
      },
      good,
      tls,
    );
  });

  it('does not speak to a port without TLS', async () => {
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { url: broker.url.replace('http:', 'https:') });
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        reason: 'TLSFailure',
        message: expect.stringContaining('does this port speak http?') as unknown,
        orphanMitigation: false,
        brokerLevel: true,
      });
      await client.close();
    });
  });
});
