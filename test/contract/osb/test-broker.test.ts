import { jest } from '@jest/globals';
import { sampleCatalog, type CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import { instancePath, provision, provisionBody, withTestBroker } from './asks.ts';

jest.setTimeout(20_000);

describe('the test broker asks of every request', () => {
  it.each([
    ['credentials', { authorization: 'Basic bm86bm8=' }, 401],
    ['a version', { 'x-broker-api-version': '3.0' }, 412],
    ['a version that is new enough', { 'x-broker-api-version': '2.12' }, 412],
    ['nothing more', {}, 200],
  ])('%s', async (_name, headers, status) => {
    await withTestBroker(async (_broker, asks) => {
      expect((await asks('GET', '/v2/catalog', { headers })).status).toBe(status);
    });
  });

  it('a version header at all', async () => {
    await withTestBroker(
      async (broker) => {
        const response = await fetch(`${broker.url}/v2/catalog`);
        expect(response.status).toBe(400);
        expect(broker.violations).toEqual(['P01: request without X-Broker-API-Version']);
      },
      { auth: { kind: 'none' } },
    );
  });

  it.each(['/', '/v2', '/v2/service_instances', '/v2/service_instances/i/x', '/v2/catalogue'])(
    'a path of OSB, not %s',
    async (path) => {
      await withTestBroker(async (_broker, asks) => {
        expect((await asks('GET', path)).status).toBe(404);
      });
    },
  );

  it('nothing of who asks, but notes what is wrong', async () => {
    await withTestBroker(async (broker, asks) => {
      const identity = `cloudfoundry ${Buffer.from('{"user_id":"u"}').toString('base64')}`;
      await asks('PUT', instancePath, {
        headers: {
          'x-broker-api-request-identity': '',
          'content-type': 'text/plain',
          'x-broker-api-originating-identity': identity,
        },
        body: { ...provisionBody, context: { platform: 'kubernetes' }, colour: 'blue' },
      });
      expect(broker.violations.map((text) => text.slice(0, 3))).toEqual(['P07', 'P11', 'P09', 'P06', 'P12']);
      expect(broker.requests[0]?.identity).toEqual({ platform: 'cloudfoundry', value: { user_id: 'u' } });
    });
  });
});

describe('the catalog of the test broker', () => {
  it('has an ETag, and 304 for who knows it', async () => {
    await withTestBroker(async (broker, asks) => {
      const { body, headers } = await asks('GET', '/v2/catalog');
      expect(body).toEqual(sampleCatalog());
      const etag = headers.get('etag') ?? '';
      expect((await asks('GET', '/v2/catalog', { headers: { 'if-none-match': etag } })).status).toBe(304);
      broker.setCatalog({ services: [] });
      expect((await asks('GET', '/v2/catalog', { headers: { 'if-none-match': etag } })).status).toBe(200);
    });
  });
});

describe('a script', () => {
  const catalog: CatalogDocument = { services: [] };

  it('is performed as often as told, for what it is meant for, in order', async () => {
    await withTestBroker(
      async (broker, asks) => {
        broker.script({ operation: 'catalog' }, { kind: 'answer', status: 500 }, 2);
        const last = broker.script({ operation: 'catalog' }, { kind: 'answer', status: 418 }, 'always');
        broker.script({ instanceId: 'other' }, { kind: 'answer', status: 599 }, 'always');
        const statuses = [];
        for (let index = 0; index < 4; index++) statuses.push((await asks('GET', '/v2/catalog')).status);
        expect(statuses).toEqual([500, 500, 418, 418]);
        last.cancel();
        expect((await asks('GET', '/v2/catalog')).status).toBe(200);
      },
      { catalog },
    );
  });

  it.each([
    [{ kind: 'answer', status: 500 } as const, 0],
    [{ kind: 'answer', status: 500, applies: true } as const, 1],
    [{ kind: 'answer', status: 201, rawBody: 'oops' } as const, 1],
    [{ kind: 'answer', status: 201, rawBody: 'oops', applies: false } as const, 0],
    [{ kind: 'reset' } as const, 0],
    [{ kind: 'reset', applies: true } as const, 1],
    [{ kind: 'delay', ms: 1 } as const, 1],
    [{ kind: 'delay', ms: 1, next: { kind: 'answer', status: 500 } } as const, 0],
  ])('%j leaves %d instances', async (behaviour, count) => {
    await withTestBroker(async (broker, asks) => {
      broker.script({ operation: 'provision' }, behaviour);
      await asks('PUT', provision, { body: provisionBody }).catch(() => undefined);
      expect(broker.liveInstances()).toHaveLength(count);
    });
  });
});
