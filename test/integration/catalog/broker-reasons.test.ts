import { freePort } from '../../support/free-port.ts';
import { TestAuthority, type KeyedCertificate } from '../../support/test-broker/certificates.ts';
import { TestBroker, type TestBrokerOptions } from '../../support/test-broker/test-broker.ts';
import { CatalogWorld, condition, type Registration } from '../../support/world/catalog-world.ts';
import { testCatalog } from './test-catalog.ts';

const oneDayMs = 86_400_000;
const names = ['127.0.0.1'];

let world: CatalogWorld;
let trusted: TestAuthority;
let certificates: Readonly<Record<'unknown' | 'expired' | 'elsewhere', KeyedCertificate>>;
beforeAll(async () => {
  const starting = CatalogWorld.start();
  const [authority, other] = await Promise.all([
    TestAuthority.create('Trusted CA'),
    TestAuthority.create('Other CA'),
  ]);
  trusted = authority;
  const yesterday = new Date(Date.now() - oneDayMs);
  const before = new Date(Date.now() - 2 * oneDayMs);
  certificates = {
    unknown: await other.issue({ commonName: 'stranger', names }),
    expired: await trusted.issue({ commonName: 'old', names, notBefore: before, notAfter: yesterday }),
    elsewhere: await trusted.issue({ commonName: 'elsewhere', names: ['elsewhere.example'] }),
  };
  world = await starting;
}, 60_000);
afterAll(() => world.stop());

interface Case {
  readonly reason: string;
  /** What the operator needs to know besides the reason. */
  readonly details: readonly string[];
  readonly options?: () => TestBrokerOptions;
  readonly script?: Parameters<TestBroker['script']>[1];
  /** URL to register instead of the broker's. */
  readonly url?: () => Promise<string>;
  readonly registration?: () => Registration;
}

const withTls = (certificate: keyof typeof certificates): Pick<Case, 'options' | 'registration'> => ({
  options: () => ({ tls: certificates[certificate] }),
  registration: () => ({ spec: { caBundle: Buffer.from(trusted.certificate).toString('base64') } }),
});

const cases: readonly Case[] = [
  {
    reason: 'DNSFailure',
    details: ['no-such-broker.invalid'],
    url: async () => 'http://no-such-broker.invalid',
  },
  {
    reason: 'ConnectionRefused',
    details: ['127.0.0.1', 'nothing listens there'],
    url: async () => `http://127.0.0.1:${await freePort()}`,
  },
  { reason: 'TLSUntrusted', details: ['subject CN=stranger', 'issuer CN=Other CA'], ...withTls('unknown') },
  {
    reason: 'TLSExpired',
    details: ['subject CN=old', 'issuer CN=Trusted CA', 'valid from 20'],
    ...withTls('expired'),
  },
  {
    reason: 'TLSHostnameMismatch',
    details: ['subject CN=elsewhere', 'issuer CN=Trusted CA', 'valid for DNS:elsewhere.example'],
    ...withTls('elsewhere'),
  },
  {
    reason: 'Unauthorized',
    details: ['check the credentials', 'The credentials are those of Secret "'],
    script: { kind: 'answer', status: 401 },
  },
  {
    reason: 'UnsupportedVersion',
    details: ['version 2.99 or later', 'annotation servicecatalog.k8s.io/osb-api-version'],
    options: () => ({ minimumMinor: 99 }),
  },
  {
    reason: 'BadCatalog',
    details: ['services[1].id', 'already at services[0].id'],
    options: () => {
      const [service] = testCatalog().services;
      if (service === undefined) throw new Error('the test catalog is empty');
      return { catalog: { services: [service, service] } };
    },
  },
  { reason: 'Timeout', details: ['did not answer in time'], script: { kind: 'hang' } },
  { reason: 'Redirect', details: ['give the final URL'], script: { kind: 'answer', status: 307 } },
  {
    reason: 'MalformedResponse',
    details: ['not JSON', 'Is it a broker?'],
    script: { kind: 'answer', rawBody: '<html>' },
  },
];

describe('H28: a broker that can not be asked', () => {
  it.each(cases)('is not Ready because of $reason', async (expected) => {
    await using broker = await TestBroker.start({ catalog: testCatalog(), ...expected.options?.() });
    if (expected.script !== undefined) broker.script({ operation: 'catalog' }, expected.script, 'always');
    const { spec } = expected.registration?.() ?? {};
    const url = (await expected.url?.()) ?? broker.url;
    const name = await world.register(broker, { spec: { ...spec, url } });
    const failed = await world.brokerUntil(name, (candidate) =>
      [expected.reason, ...expected.details].every((part) =>
        condition(candidate, 'Ready')?.message.includes(part),
      ),
    );
    expect(condition(failed, 'Ready')).toMatchObject({ status: 'False', reason: 'ErrorFetchingCatalog' });
    expect(condition(failed, 'Reconciling')).toMatchObject({ status: 'True', reason: 'Backoff' });
  });

  it('says that a caBundle holds no certificate', async () => {
    await using broker = await TestBroker.start({ tls: certificates.unknown, catalog: testCatalog() });
    const caBundle = Buffer.from('hello').toString('base64');
    const name = await world.register(broker, { spec: { caBundle } });
    await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Ready')?.message.includes('spec.caBundle holds no PEM') === true,
    );
  });

  it('goes on saying why while its circuit is open', async () => {
    await using broker = await TestBroker.start({ catalog: testCatalog() });
    const name = await world.register(broker, { spec: { url: `http://127.0.0.1:${await freePort()}` } });
    const failed = await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Ready')?.message.includes('CircuitOpen') === true,
    );
    expect(condition(failed, 'Ready')?.message).toContain('because of ConnectionRefused');
  });
});

describe('a broker that offers nothing', () => {
  it.each([
    ['its catalog is empty', { catalog: { services: [] } }, {}, 'the catalog is empty'],
    [
      'nothing passes the restrictions',
      {},
      { catalogRestrictions: { serviceClass: ['spec.externalName=none'] } },
      'nothing passes spec.catalogRestrictions',
    ],
  ])('says so when %s', async (_name, options, spec, reason) => {
    await using broker = await TestBroker.start({ catalog: testCatalog(), ...options });
    const ready = await world.ready(await world.register(broker, { spec }));
    expect(condition(ready, 'Ready')?.message).toContain(`No class is offered: ${reason}.`);
  });
});
