import { jest } from '@jest/globals';
import { createServer } from 'node:http';
import { BrokerClient } from '../../../src/osb/broker-client.ts';
import { listen } from '../../support/test-broker/listen.ts';
import {
  identity,
  instance,
  never,
  operationNames,
  operations,
  prepare,
  provisionOf,
  withBroker,
} from './harness.ts';

jest.setTimeout(20_000);

const header = (name: string) => `x-broker-api-${name}`;

describe('every request', () => {
  it.each(operationNames)(
    '%s carries version, request identity and credentials (P01, P02, P07)',
    async (name) => {
      await withBroker(async (pair) => {
        await prepare(pair);
        await operations[name](pair.client);
        await operations[name](pair.client);
        const { requests } = pair.broker;
        expect(requests).toHaveLength(2);
        const identities = requests.map(({ headers }) => headers[header('request-identity')]);
        expect(new Set(identities).size).toBe(2);
        expect(pair.calls.slice(-2).map(({ requestIdentity }) => requestIdentity)).toEqual(identities);
        for (const { headers } of requests) {
          expect(headers).toMatchObject({ [header('version')]: '2.17', accept: 'application/json' });
          expect(headers['authorization']).toMatch(/^Basic /);
          expect(headers).not.toHaveProperty('cookie');
        }
        expect(pair.broker.violations.filter((text) => /^P0[127]/.test(text))).toEqual([]);
      });
    },
  );

  it('has another version when the broker wants it (H30)', async () => {
    await withBroker(
      async ({ broker, client }) => {
        await client.catalog({}, never);
        expect(broker.requests[0]?.headers[header('version')]).toBe('2.14');
      },
      { client: { apiVersion: '2.14' } },
    );
  });

  it('has a JSON Content-Type when it has a body, and none otherwise (P11)', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.provision(provisionOf(), never);
      await client.deprovision(instance, never);
      const types = broker.requests.map(({ headers }) => headers['content-type']);
      expect(types).toEqual(['application/json', undefined]);
    });
  });

  it('names the user who caused it, in the form of the specification (P04, P06)', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.provision(provisionOf({ identity }), never);
      const sent = broker.requests[0];
      expect(sent?.headers[header('originating-identity')]).toMatch(/^kubernetes [A-Za-z0-9+/]+=*$/);
      expect(sent?.identity).toEqual(identity);
      expect(broker.violations).toEqual([]);
    });
  });

  it('names nobody when nobody caused it', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.catalog({}, never);
      await client.deprovision(instance, never);
      for (const { headers } of broker.requests) {
        expect(headers).not.toHaveProperty(header('originating-identity'));
      }
    });
  });

  it('sends exact numbers on (P45)', async () => {
    await withBroker(async ({ broker, client }) => {
      const parameters = JSON.parse('{"a":1}', () =>
        (JSON as unknown as { rawJSON(text: string): object }).rawJSON('12345678901234567890'),
      ) as object;
      await client.provision(provisionOf({ parameters: { big: parameters } }), never);
      expect(broker.requests[0]?.rawBody).toContain('"parameters":{"big":12345678901234567890}');
    });
  });
});

describe('the catalog request (P19)', () => {
  it('is conditional when an ETag is known', async () => {
    await withBroker(async ({ broker, client }) => {
      const first = await client.catalog({}, never);
      const etag = first.kind === 'catalog' ? first.etag : undefined;
      expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
      expect(await client.catalog({ etag }, never)).toEqual({ kind: 'unchanged' });
      broker.setCatalog({ services: [] });
      expect(await client.catalog({ etag }, never)).toMatchObject({
        kind: 'catalog',
        catalog: { services: [] },
      });
      expect(broker.requests.map(({ status }) => status)).toEqual([200, 304, 200]);
    });
  });
});

describe('the path of a request (P10)', () => {
  it.each(['a/b', '../x', 'ü ?#%', "!'()*", 'a'.repeat(1000)])(
    'carries the id %j byte-exact',
    async (instanceId) => {
      await withBroker(async ({ broker, client }) => {
        await client.provision(provisionOf({ instanceId }), never);
        expect(broker.liveInstances()).toMatchObject([{ id: instanceId }]);
      });
    },
  );

  it.each(['.', '..', ''])('is not made of the id %j (H37)', async (instanceId) => {
    await withBroker(async ({ broker, client }) => {
      const outcome = await client.provision(provisionOf({ instanceId }), never);
      expect(outcome).toMatchObject({
        reason: 'InvalidRequest',
        disposition: 'terminal',
        orphanMitigation: false,
      });
      expect(broker.requests).toEqual([]);
    });
  });

  it('carries an operation of 10,000 characters (P25, H17)', async () => {
    await withBroker(async ({ broker, client }) => {
      const operation = 'ä&'.repeat(5000);
      broker.script({ operation: 'provision' }, { kind: 'async', operation });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'accepted', operation });
      expect(await client.pollInstance({ ...instance, operation }, never)).toMatchObject({
        kind: 'in-progress',
      });
      expect(broker.violations).toEqual([]);
    });
  });

  it('too long for the broker is an unclear poll, not an end (H17)', async () => {
    const small = createServer({ maxHeaderSize: 8192 }, (_request, response) => response.end('{}'));
    const port = await listen(small, '127.0.0.1', undefined);
    const client = new BrokerClient({
      url: `http://127.0.0.1:${port}`,
      allowLoopback: true,
      environment: {},
    });
    try {
      const outcome = await client.pollInstance({ ...instance, operation: 'x'.repeat(10_000) }, never);
      expect(outcome).toMatchObject({ kind: 'unclear', failure: { status: 431, disposition: 'retry' } });
    } finally {
      small.close();
      small.closeAllConnections();
      await client.close();
    }
  });
});
