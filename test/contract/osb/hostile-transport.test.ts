import { jest } from '@jest/globals';
import { createServer } from 'node:http';
import { BrokerClient } from '../../../src/osb/broker-client.ts';
import type { Outcome } from '../../../src/osb/outcome-types.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { freePort } from '../../support/free-port.ts';
import {
  arrived,
  clientOf,
  expectDone,
  identity,
  instance,
  never,
  operationNames,
  operations,
  prepare,
  provisionOf,
  withBroker,
  writeNames,
  writes,
} from './harness.ts';

jest.setTimeout(20_000);

const creates = (name: string): boolean => name === 'provision' || name === 'bind';
/** One connection for everything, so that it is surely used again. */
const single = { client: { limiter: { maxConcurrent: 1 } } };

describe('H01: a slow answer', () => {
  it('is waited for', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({ operation: 'provision' }, { kind: 'delay', ms: 200 });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done' });
    });
  });
});

describe('H02: a broker that hangs', () => {
  const hangs: readonly (readonly [string, Behaviour])[] = [
    ['before the answer', { kind: 'hang' }],
    ['inside of the body', { kind: 'hang', at: 'body', status: 200 }],
    ['by one byte at a time', { kind: 'drip', intervalMs: 100, applies: false, status: 200 }],
    ['for an hour', { kind: 'delay', ms: 3_600_000 }],
  ];

  it.each(hangs)('%s is cut off by a deadline for the whole', async (_where, behaviour) => {
    await withBroker(
      async ({ broker, client }) => {
        broker.script(
          {},
          behaviour.kind === 'drip' ? { ...behaviour, intervalMs: 2000 } : behaviour,
          'always',
        );
        expect(await client.provision(provisionOf(), never)).toMatchObject({
          reason: 'Timeout',
          disposition: 'retry',
          message: expect.stringMatching(/in time \(500 ms\)$/) as unknown,
        });
      },
      { client: { timeoutMs: 500 } },
    );
  });

  const cases = hangs.flatMap(([where, behaviour]) =>
    writeNames.map((name) => [name, where, behaviour] as const),
  );

  it.each(cases)(
    '%s, %s, is a timeout, and only what creates can leave an orphan',
    async (name, _where, behaviour) => {
      await withBroker(async ({ broker, client }) => {
        broker.script({}, behaviour, 'always');
        const controller = new AbortController();
        const running = writes[name](client, controller.signal);
        await arrived(broker);
        controller.abort(new DOMException('time is up', 'TimeoutError'));
        expect(await running).toMatchObject({
          reason: 'Timeout',
          disposition: 'retry',
          orphanMitigation: creates(name),
        });
      });
    },
  );
});

describe('H03: a broken connection', () => {
  it.each(writeNames)('%s, before the answer, is as a timeout', async (name) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'reset' }, 'always');
      expect(await writes[name](client)).toMatchObject({
        reason: 'ConnectionReset',
        orphanMitigation: creates(name),
      });
    });
  });

  const cuts: readonly Behaviour[] = [{ kind: 'truncate' }, { kind: 'reset', at: 'body' }];
  const cases = cuts.flatMap((cut) =>
    ([200, 201, 202] as const).flatMap((status) =>
      writeNames.map((name) => [name, status, cut.kind] as const),
    ),
  );

  it.each(cases)('%s, inside of the body of a %d by %s, is malformed', async (name, status, kind) => {
    const cut: Behaviour = kind === 'truncate' ? { kind, status } : { kind: 'reset', at: 'body', status };
    await withBroker(async ({ broker, client }) => {
      broker.script({}, cut);
      const outcome = await writes[name](client);
      const listed = status !== 201 || creates(name);
      expect(outcome).toMatchObject({
        reason: listed ? 'MalformedResponse' : 'UnexpectedStatus',
        status,
        disposition: 'retry',
        orphanMitigation: creates(name) && status !== 200,
      });
    });
  });

  it('while polling keeps the polling alive', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'truncate', status: 200 });
      expect(await client.pollInstance(instance, never)).toMatchObject({ kind: 'unclear' });
    });
  });
});

describe('H27: a redirect', () => {
  const cases = [301, 302, 303, 307, 308].flatMap((status) =>
    operationNames.map((name) => [status, name] as const),
  );

  it.each(cases)('%d of %s is not followed', async (status, name) => {
    const visits: string[] = [];
    const target = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.end('{}');
    });
    const port = await freePort();
    await new Promise<void>((resolve) => target.listen(port, '127.0.0.1', resolve));
    try {
      await withBroker(async ({ broker, client }) => {
        const location = `http://127.0.0.1:${port}/stolen`;
        broker.script({}, { kind: 'answer', status, headers: { location }, body: {} });
        const outcome = await operations[name](client);
        const failure = outcome.kind === 'unclear' ? outcome.failure : outcome;
        expect(failure).toMatchObject({
          reason: 'Redirect',
          status,
          orphanMitigation: false,
          brokerLevel: true,
        });
        expect(broker.requests).toHaveLength(1);
        expect(visits).toEqual([]);
      });
    } finally {
      target.close();
    }
  });
});

describe('H52: a connection with habits', () => {
  it('that dies while it is kept is replaced once, unseen', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.catalog({}, never);
      broker.script({ operation: 'provision' }, { kind: 'reset' });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done', status: 201 });
      expect(broker.connections).toBe(2);
    }, single);
  });

  it('that dies again is lost', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.catalog({}, never);
      broker.script({ operation: 'provision' }, { kind: 'reset' }, 'always');
      expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'ConnectionReset' });
      expect(broker.requestsOf('provision')).toHaveLength(2);
    }, single);
  });

  it.each(writeNames)(
    'that dies under a %s, and nothing listens any more: it may have been carried out',
    async (name) => {
      await withBroker(async (pair) => {
        if (name !== 'provision') await prepare(pair);
        const { broker, client } = pair;
        await client.catalog({}, never);
        broker.script({ operation: name }, { kind: 'vanish' });
        const outcome = await writes[name](client);
        expect(outcome).toMatchObject({
          reason: 'ConnectionRefused',
          sent: true,
          orphanMitigation: name === 'provision' || name === 'bind',
          message: expect.stringContaining('may have been carried out') as unknown,
        });
        await broker.comeBack();
        expect(broker.requestsOf(name)).toHaveLength(1);
      }, single);
    },
  );

  it.each<[string, Behaviour, Partial<Outcome<unknown>>]>([
    ['refused', { kind: 'answer', status: 409 }, { kind: 'failed', reason: 'Conflict' }],
    ['unusable', { kind: 'answer', status: 200, rawBody: '<html>' }, { kind: 'failed', status: 200 }],
    ['accepted', { kind: 'async' }, { kind: 'accepted' }],
    ['finished', { kind: 'answer', status: 200 }, { kind: 'done', status: 200 }],
  ])(
    'that dies, and whose second try is %s, says that there were two',
    async (_name, behaviour, expected) => {
      await withBroker(async ({ broker, client }) => {
        await client.catalog({}, never);
        broker.script({ operation: 'provision' }, { kind: 'reset', applies: false });
        broker.script({ operation: 'provision' }, behaviour);
        expect(await client.provision(provisionOf(), never)).toMatchObject({ ...expected, resent: true });
        expect(await client.provision(provisionOf(), never)).not.toHaveProperty('resent');
      }, single);
    },
  );

  it('that is fresh and dies is lost at once', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({ operation: 'provision' }, { kind: 'reset' }, 'always');
      expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'ConnectionReset' });
      expect(broker.requestsOf('provision')).toHaveLength(1);
    });
  });

  it('that dies after the first byte is not tried again', async () => {
    await withBroker(async ({ broker, client }) => {
      await client.catalog({}, never);
      broker.script({ operation: 'provision' }, { kind: 'raw', bytes: 'HTTP/1.1 20' });
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        kind: 'failed',
        orphanMitigation: true,
      });
      expect(broker.requestsOf('provision')).toHaveLength(1);
    }, single);
  });

  it('sends interim answers first', async () => {
    await withBroker(async ({ broker, client }) => {
      const bytes =
        'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}';
      broker.script({}, { kind: 'raw', bytes });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done', status: 201 });
    });
  });

  it.each([
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\n{"services":[]}'],
    [
      'chunks and trailers',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf\r\n{"services":[]}\r\n0\r\nx: y\r\n\r\n',
    ],
    ['cookies', 'HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 15\r\n\r\n{"services":[]}'],
  ])('speaks with %s', async (_name, bytes) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'raw', bytes });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      await client.catalog({}, never);
      expect(broker.requests.at(-1)?.headers).not.toHaveProperty('cookie');
    });
  });

  it.each([
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\u0000\u0001\u0002',
    'HTTP/1.1 abc\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
  ])('speaks no HTTP: %j', async (bytes) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'raw', bytes });
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        reason: 'MalformedResponse',
        disposition: 'retry',
        orphanMitigation: true,
      });
    });
  });
});

describe('a broker that can not be reached', () => {
  it('refuses the connection: nothing was made', async () => {
    const client = new BrokerClient({
      url: `http://127.0.0.1:${await freePort()}`,
      allowLoopback: true,
      environment: {},
    });
    expect(await client.provision(provisionOf(), never)).toMatchObject({
      reason: 'ConnectionRefused',
      disposition: 'retry',
      orphanMitigation: false,
      brokerLevel: true,
    });
    await client.close();
  });

  it('has no address: nothing was made', async () => {
    const client = new BrokerClient({ url: 'http://no-such-broker.invalid', environment: {} });
    const outcome = await client.provision(provisionOf(), never);
    expect(outcome).toMatchObject({ reason: 'DNSFailure', orphanMitigation: false, brokerLevel: true });
    await client.close();
  });

  it('never finishes the handshake: nothing was made', async () => {
    await withBroker(async ({ broker }) => {
      // The port accepts and is silent, since it waits for HTTP.
      const client = clientOf(broker, { url: broker.url.replace('http:', 'https:'), timeoutMs: 300 });
      broker.script({}, { kind: 'hang' });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ orphanMitigation: false });
      await client.close();
    });
  });
});

describe('a caller who gives up', () => {
  it('before the request: it is never sent', async () => {
    await withBroker(async ({ broker, client }) => {
      const outcome = await client.provision(provisionOf(), AbortSignal.abort());
      expect(outcome).toMatchObject({ reason: 'Cancelled', disposition: 'retry', orphanMitigation: false });
      expect(broker.requests).toEqual([]);
    });
  });

  it('while the broker works: at once, and no orphan is looked for', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'hang' });
      const controller = new AbortController();
      const running = client.provision(provisionOf({ identity }), controller.signal);
      await arrived(broker);
      controller.abort();
      expect(await running).toMatchObject({ reason: 'Cancelled', orphanMitigation: false });
    });
  });

  it('with a body that no JSON can be: it is never sent', async () => {
    await withBroker(async ({ broker, client }) => {
      let parameters: object = {};
      for (let level = 0; level < 20_000; level++) parameters = { parameters };
      expect(await client.provision(provisionOf({ parameters: { parameters } }), never)).toMatchObject({
        reason: 'InvalidRequest',
        disposition: 'terminal',
        orphanMitigation: false,
      });
      expect(broker.requests).toEqual([]);
    });
  });
});

describe('a client that is closed', () => {
  it('lets what is under way finish, and sends nothing more', async () => {
    await withBroker(async (pair) => {
      await prepare(pair);
      const { broker, client } = pair;
      broker.script({}, { kind: 'delay', ms: 100 });
      const running = client.getInstance(instance, never);
      await arrived(broker);
      const closed = client.close();
      expectDone(await running);
      await closed;
      expect(await client.getInstance(instance, never)).toMatchObject({ reason: 'Cancelled' });
      expect(broker.requests).toHaveLength(1);
    });
  });
});
