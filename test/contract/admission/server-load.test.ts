import { unchanged, type Handler } from '../../../src/admission/decision.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { HttpsConnection } from './https-client.ts';
import { review, ServerWorld } from './server-world.ts';

let world: ServerWorld;
beforeAll(async () => {
  world = await ServerWorld.create();
});
afterEach(() => world.closeAll());

const mib = 2 ** 20;
const echo: Handler = () => unchanged;
const bytesInFlight = { small: 8 * mib, large: 14 * mib };
const json = { 'content-type': 'application/json' };

/** Sends the head of a request whose body is still to come. */
function announce(connection: HttpsConnection, bytes: number): void {
  connection.socket.write(
    `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
  );
}

/** A review of exactly this size. */
function reviewOf(bytes: number): string {
  const text = review();
  return text + ' '.repeat(bytes - Buffer.byteLength(text));
}

describe('more bytes than there is room for', () => {
  it('are refused at once, with a time to come again, and small reviews do not notice', async () => {
    const server = await world.start({ '/echo': echo }, { bytesInFlight });
    const slow = await Promise.all([server.connect(), server.connect()]);
    for (const connection of slow) announce(connection, 7 * mib);
    const third = await server.connect();
    // The heads of the others may still be under way.
    await waitFor(async () => (await third.post('/echo', reviewOf(mib))).status === 429);
    const refused = await third.post('/echo', reviewOf(mib));
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect((await third.post('/echo', review())).status).toBe(200);
    expect(server.observations.map(({ outcome }) => outcome)).toContain('overloaded');

    slow[0]?.socket.write(reviewOf(7 * mib));
    expect((await slow[0]?.answer())?.status).toBe(200);
    expect((await third.post('/echo', reviewOf(mib))).status).toBe(200);
    slow[1]?.close();
    await waitFor(async () => (await third.post('/echo', reviewOf(7 * mib))).status === 200);
  });

  it('count until the answer is written', async () => {
    const gate = Promise.withResolvers<void>();
    const server = await world.start(
      {
        '/echo': echo,
        '/waits': async () => {
          await gate.promise;
          return unchanged;
        },
      },
      { bytesInFlight },
    );
    const [first, second] = await Promise.all([server.connect(), server.connect()]);
    for (const connection of [first, second]) connection.send('POST', '/waits', json, reviewOf(7 * mib));
    const third = await server.connect();
    await waitFor(async () => (await third.post('/echo', reviewOf(mib))).status === 429);
    gate.resolve();
    expect((await first.answer()).status).toBe(200);
    await second.answer();
    expect((await third.post('/echo', reviewOf(mib))).status).toBe(200);
  });
});

describe('more connections than there may be', () => {
  it('close the one that has been idle for longest, never one at work', async () => {
    const gate = Promise.withResolvers<void>();
    const waits: Handler = async () => {
      await gate.promise;
      return unchanged;
    };
    const server = await world.start({ '/echo': echo, '/waits': waits }, { maxConnections: 3 });
    const [working, idle, used] = [await server.connect(), await server.connect(), await server.connect()];
    working.send('POST', '/waits', json, review());
    expect((await used.post('/echo', review())).status).toBe(200);
    const fourth = await server.connect();
    expect((await fourth.post('/echo', review())).status).toBe(200);
    await waitFor(() => idle.isClosed);
    expect((await used.post('/echo', review())).status).toBe(200);
    gate.resolve();
    expect((await working.answer()).status).toBe(200);
    expect([working, used, fourth].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
  });

  it('are not taken while all are at work', async () => {
    const gate = Promise.withResolvers<void>();
    const waits: Handler = async () => {
      await gate.promise;
      return unchanged;
    };
    let begun = 0;
    const counted: Handler = (request, context) => {
      begun++;
      return waits(request, context);
    };
    const server = await world.start({ '/waits': counted, '/echo': echo }, { maxConnections: 2 });
    const working = [await server.connect(), await server.connect()];
    for (const connection of working) connection.send('POST', '/waits', json, review());
    await waitFor(() => begun === 2);
    await expect(server.connect()).rejects.toThrow();
    gate.resolve();
    for (const connection of working) expect((await connection.answer()).status).toBe(200);
    const next = await server.connect();
    expect((await next.post('/echo', review())).status).toBe(200);
  });
});
