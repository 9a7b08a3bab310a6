import { jest } from '@jest/globals';
import { BrokerClient } from '../../../src/osb/broker-client.ts';
import { brokerTargets } from '../../../src/osb/broker-targets.ts';
import { TestAuthority } from '../../support/test-broker/certificates.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { TestProxy } from '../../support/test-broker/test-proxy.ts';
import { clientOf, never, provisionOf, withBroker, type Pair } from './harness.ts';

jest.setTimeout(30_000);

/** A name that only the proxy knows. */
const byName = (broker: Pair['broker']): string => broker.url.replace('127.0.0.1', 'broker.test');

describe('a proxy of the environment', () => {
  it('carries requests to brokers without TLS', async () => {
    await using proxy = await TestProxy.start();
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { url: byName(broker), environment: { HTTP_PROXY: proxy.url } });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
      expect(broker.liveInstances()).toHaveLength(1);
      expect(proxy.requests).toHaveLength(1);
      expect(proxy.requests[0]).toContain(`broker.test:${broker.port}`);
      await client.close();
    });
  });

  it('is a mere tunnel to brokers with TLS, whose certificates count as ever', async () => {
    await using proxy = await TestProxy.start();
    const authority = await TestAuthority.create('CA');
    const certificate = await authority.issue({ commonName: 'broker', names: ['broker.test'] });
    await withBroker(
      async ({ broker }) => {
        const environment = { https_proxy: proxy.url.replace('://', '://us%20er:pw@') };
        const options = { url: byName(broker), environment, tls: { ca: authority.certificate } };
        const client = clientOf(broker, options);
        expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
        expect(proxy.requests).toEqual([`CONNECT broker.test:${broker.port}`]);
        expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('us er:pw').toString('base64')}`]);
        const wary = clientOf(broker, { ...options, tls: {} });
        expect(await wary.provision(provisionOf(), never)).toMatchObject({
          reason: 'TLSUntrusted',
          orphanMitigation: false,
        });
        await Promise.all([client.close(), wary.close()]);
      },
      { broker: { tls: certificate } },
    );
  });

  it('that refuses, or is not there, is named: nothing was made', async () => {
    const proxy = await TestProxy.start();
    proxy.refuseWith = 403;
    const environment = { HTTPS_PROXY: proxy.url };
    const client = new BrokerClient({ url: 'https://broker.test', environment });
    const expected = { reason: 'ProxyFailure', orphanMitigation: false, brokerLevel: true };
    expect(await client.provision(provisionOf(), never)).toMatchObject(expected);
    await proxy[Symbol.asyncDispose]();
    expect(await client.provision(provisionOf(), never)).toMatchObject(expected);
    await client.close();
  });

  it('is not used for what NO_PROXY names', async () => {
    await using proxy = await TestProxy.start();
    await withBroker(async ({ broker }) => {
      const environment = { HTTP_PROXY: proxy.url, NO_PROXY: '.svc, localhost' };
      const client = clientOf(broker, { url: broker.url.replace('127.0.0.1', 'localhost'), environment });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      expect(proxy.requests).toEqual([]);
      await client.close();
    });
  });

  it.each([
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://[::ffff:169.254.169.254]',
    'http://0xa9fea9fe',
  ])('is not asked for %s either', async (url) => {
    await using proxy = await TestProxy.start();
    const client = new BrokerClient({ url, environment: { HTTP_PROXY: proxy.url } });
    expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'AddressRefused' });
    expect(proxy.requests).toEqual([]);
    await client.close();
  });
});

describe('the address of a broker', () => {
  it.each([
    'http://169.254.169.254',
    'https://169.254.169.254',
    'http://[fe80::1]',
    'http://[fd00:ec2::254]',
    'http://0.0.0.0',
    'http://[::]',
    'http://224.0.0.1',
    'http://2852039166',
  ])('%s is refused before anything is sent', async (url) => {
    const client = new BrokerClient({ url, allowLoopback: true, environment: {} });
    expect(await client.provision(provisionOf(), never)).toMatchObject({
      reason: 'AddressRefused',
      disposition: 'retry',
      orphanMitigation: false,
      brokerLevel: true,
    });
    await client.close();
  });

  it.each(['127.0.0.1', 'localhost', '127.1', '[::1]', '[::ffff:127.0.0.1]'])(
    '%s is refused unless loopback is allowed, after the name is resolved',
    async (host) => {
      await withBroker(async ({ broker }) => {
        const client = clientOf(broker, { url: broker.url.replace('127.0.0.1', host), allowLoopback: false });
        expect(await client.catalog({}, never)).toMatchObject({ reason: 'AddressRefused' });
        expect(broker.connections).toBe(0);
        await client.close();
      });
    },
  );

  describe('that a tenant has chosen', () => {
    const asked = async (allowLoopback: boolean, targets: readonly string[]) => {
      await using broker = await TestBroker.start();
      const url = broker.url.replace('127.0.0.1', 'localhost');
      const client = clientOf(broker, { url, allowLoopback, tenant: brokerTargets(targets) });
      const outcome = await client.catalog({}, never);
      await client.close();
      return { outcome, connections: broker.connections };
    };

    it('and that is refused fails like one where nobody is', async () => {
      const { outcome, connections } = await asked(false, []);
      expect(outcome).toMatchObject({ reason: 'ConnectionFailed', brokerLevel: true });
      expect(JSON.stringify(outcome)).not.toMatch(/refused|loopback|link-local|allowed/i);
      expect(connections).toBe(0);
    });

    it.each([
      [[], 'done'],
      [['localhost'], 'done'],
      [['127.0.0.0/8', '::1'], 'done'],
      [['10.0.0.0/8'], 'failed'],
      [['broker.example.com'], 'failed'],
    ])('with the targets %j: %s', async (targets, kind) => {
      const { outcome } = await asked(true, targets);
      expect(outcome.kind === 'failed' ? 'failed' : 'done').toBe(kind);
    });
  });

  it.each(['ftp://b.example', 'b.example', '', 'file:///etc/passwd', '//b.example'])('%j is none', (url) => {
    expect(() => new BrokerClient({ url })).toThrow('absolute http or https URL');
  });
});
