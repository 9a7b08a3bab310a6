import { jest } from '@jest/globals';
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { BrokerClient } from '../../../src/osb/broker-client.ts';
import { freePort } from '../../support/free-port.ts';
import { bindOf, instance, never, provisionOf, withBroker } from './harness.ts';

jest.setTimeout(60_000);

const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n';
const gzipped = `${chunked}content-encoding: gzip\r\n\r\n`;
/** A stored block of deflate that holds nothing. */
const nothing = Buffer.from([0, 0, 0, 0xff, 0xff]);

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** Sends `head` and then `piece` as fast as it is taken, until the other side hangs up. */
async function withEndless(
  head: string | Buffer,
  piece: string | Buffer,
  test: (client: BrokerClient, hungUp: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { promise: hungUp, resolve } = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    const go = (): void => {
      while (socket.writable && socket.write(piece));
    };
    socket.once('data', () => {
      socket.write(head);
      socket.on('drain', go);
      go();
    });
  });
  const port = await freePort();
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  const client = new BrokerClient({
    url: `http://127.0.0.1:${port}`,
    allowLoopback: true,
    environment: {},
    // Far beyond the test's own end: what ends the answer is no deadline.
    timeoutMs: 600_000,
  });
  try {
    await test(client, hungUp);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await client.close();
  }
}

describe('an answer without an end, outside of what is counted as its body, is cut off with its connection', () => {
  it.each([
    ['interim answers', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100), 'more than 16 interim answers'],
    ['extensions of a chunk', `${chunked}\r\n1;`, 'x'.repeat(65_536), 'bytes around a body of 0'],
    [
      'compressed nothing',
      Buffer.concat([Buffer.from(gzipped), chunk(gzipSync('').subarray(0, 10))]),
      chunk(Buffer.concat(Array.from({ length: 10_000 }, () => nothing))),
      'larger than',
    ],
    [
      'what is not compressed, but says so',
      gzipped,
      chunk(Buffer.alloc(65_536, 'x')),
      'compression is broken',
    ],
    ['trailers', `${chunked}\r\n2\r\n{}\r\n0\r\n`, `a: ${'x'.repeat(1000)}\r\n`, 'ended inside'],
  ])('%s', async (_what, head, piece, message) => {
    await withEndless(head, piece, async (client, hungUp) => {
      expect(await client.catalog({}, never)).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining(message) as unknown,
      });
      await hungUp;
    });
  });

  it('and what it was to make may be there', async () => {
    await withEndless('', 'HTTP/1.1 103 Early Hints\r\n\r\n', async (client, hungUp) => {
      expect(await client.provision(provisionOf(), never)).toMatchObject({
        reason: 'MalformedResponse',
        orphanMitigation: true,
      });
      await hungUp;
    });
  });
});

describe('a wasteful answer', () => {
  it('in chunks of one byte is understood', async () => {
    await withBroker(async ({ broker, client }) => {
      const body = JSON.stringify({ services: [], padding: 'x'.repeat(500_000) });
      const bytes = `${chunked}\r\n${Array.from(body, (byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`;
      broker.script({}, { kind: 'raw', bytes });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
    });
  });

  it('in chunks of one byte takes no more memory for it', async () => {
    const body = JSON.stringify({ services: [], padding: 'x'.repeat(3_900_000) });
    const bytes = `${chunked}\r\n${Array.from(body, (byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`;
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'raw', bytes });
      const used = (): number => process.memoryUsage().heapUsed;
      const before = used();
      let most = before;
      const look = setInterval(() => (most = Math.max(most, used())), 10);
      try {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      } finally {
        clearInterval(look);
      }
      // A list of four million pieces is beyond 400 MiB.
      expect(most - before).toBeLessThan(200 * 1024 * 1024);
    });
  });

  it('over a connection that has carried many is understood', async () => {
    await withBroker(
      async ({ broker, client }) => {
        const body = { credentials: { a: 'x'.repeat(300_000) } };
        broker.script({}, { kind: 'answer', status: 201, body }, 'always');
        for (let count = 0; count < 10; count++) {
          expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done' });
        }
        expect(broker.connections).toBe(1);
      },
      { client: { limiter: { maxConcurrent: 1 } } },
    );
  });
});

describe('answers that never end, of many brokers', () => {
  it('do not fill the memory, and hold up nobody else', async () => {
    const head = `${chunked.replace('200 OK', '201 Created')}\r\n`;
    const most = chunk(Buffer.alloc(3_900_000, '{'));
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from(head), most])));
    });
    const port = await freePort();
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    const slow = Array.from(
      { length: 20 },
      () =>
        new BrokerClient({
          url: `http://127.0.0.1:${port}`,
          allowLoopback: true,
          environment: {},
          timeoutMs: 600_000,
        }),
    );
    const done = new AbortController();
    try {
      const answers = slow.map(async (client) => client.bind(bindOf(), done.signal));
      expect(await Promise.race(answers)).toMatchObject({
        reason: 'MalformedResponse',
        message: expect.stringContaining('more than 64 MiB'),
        orphanMitigation: true,
      });
      await withBroker(async ({ broker, client }) => {
        const body = { credentials: { a: 'x'.repeat(300_000) } };
        broker.script({}, { kind: 'answer', status: 201, body });
        expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done' });
      });
    } finally {
      done.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.all(slow.map(async (client) => client.close()));
    }
  });
});

describe('an answer that carries neither catalog, credentials nor parameters', () => {
  const values = Array.from({ length: 5000 }, () => []);

  it('is not read with thousands of values', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 200, body: { state: 'in progress', values } }, 'always');
      expect(await client.pollInstance(instance, never)).toMatchObject({
        kind: 'unclear',
        failure: { message: expect.stringContaining('more than 4000 values') as unknown },
      });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'MalformedResponse' });
    });
  });

  it('is not read beyond 256 KiB', async () => {
    await withBroker(async ({ broker, client }) => {
      const body = { state: 'in progress', description: 'x'.repeat(300_000) };
      broker.script({}, { kind: 'answer', status: 200, body }, 'always');
      expect(await client.pollInstance(instance, never)).toMatchObject({
        kind: 'unclear',
        failure: { reason: 'BodyTooLarge' },
      });
      expect(await client.deprovision(instance, never)).toMatchObject({ reason: 'BodyTooLarge' });
    });
  });

  it.each(['credentials', 'parameters'])('but large %s of a binding are no list, and JSON', async (field) => {
    await withBroker(async ({ broker, client }) => {
      const filler = ' '.repeat(10_000);
      broker.script({}, { kind: 'answer', status: 201, rawBody: `{"${field}":{"a":nonsense${filler}}}` });
      expect(await client.bind(bindOf(), never)).toMatchObject({ reason: 'MalformedResponse' });
      broker.script({}, { kind: 'answer', status: 201, rawBody: `{"credentials":["a"${filler}]}` });
      expect(await client.bind(bindOf(), never)).toMatchObject({ reason: 'MalformedResponse' });
    });
  });

  it('nor is that of a binding, outside of its credentials', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 201, body: { credentials: { a: 'b' }, values } });
      expect(await client.bind(bindOf(), never)).toMatchObject({ reason: 'MalformedResponse' });
    });
  });

  it('but credentials may have both', async () => {
    await withBroker(async ({ broker, client }) => {
      const body = { credentials: { values, text: 'x'.repeat(500_000) } };
      broker.script({}, { kind: 'answer', status: 201, body });
      expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done' });
    });
  });
});
