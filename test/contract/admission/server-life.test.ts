import { setTimeout as delay } from 'node:timers/promises';
import { unchanged, type Handler } from '../../../src/admission/decision.ts';
import type { HttpsConnection } from './https-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { review, ServerWorld, testAuthority, type RunningServer } from './server-world.ts';

/** Requests to '/slow' and '/stuck' that have reached their handler. */
let begun: number;

const handlers: Readonly<Record<string, Handler>> = {
  '/echo': () => unchanged,
  '/slow': async () => {
    begun++;
    await delay(100);
    return unchanged;
  },
  '/stuck': () => {
    begun++;
    return new Promise(() => undefined);
  },
};

let world: ServerWorld;
beforeEach(async () => {
  world = await ServerWorld.create();
  begun = 0;
});
afterEach(() => world.closeAll());

async function isServed(connection: HttpsConnection): Promise<boolean> {
  return (await connection.post('/echo', review())).status === 200;
}

describe('a new certificate', () => {
  const serial = (connection: HttpsConnection): string => connection.socket.getPeerCertificate().serialNumber;

  it('is what new connections get, while the old ones go on', async () => {
    const server = await world.start(handlers);
    const old = await server.connect();
    expect(await isServed(old)).toBe(true);
    world.certificate.replace(await world.authority.issue());
    const fresh = await server.connect();
    expect(serial(fresh)).not.toBe(serial(old));
    expect(await isServed(fresh)).toBe(true);
    expect(await isServed(old)).toBe(true);
  });

  it('that does not match its key is refused; the old one stays', async () => {
    const server = await world.start(handlers);
    const before = await server.connect();
    const [one, two] = [await world.authority.issue(), await world.authority.issue()];
    world.certificate.replace({ cert: one.cert, key: two.key });
    const after = await server.connect();
    expect(serial(after)).toBe(serial(before));
    expect(server.lines.at(-1)).toContain('new serving certificate refused');
    expect(server.lines.join()).not.toMatch(/PRIVATE KEY/);
  });

  it('of a new authority is accepted by those who trust both, while 100 requests are under way', async () => {
    const server = await world.start(handlers);
    const next = await testAuthority();
    const statuses: number[] = [];
    const clients = Array.from({ length: 10 }, async () => {
      for (let turn = 0; turn < 10; turn++) {
        const connection = await server.connect();
        statuses.push((await connection.post('/slow', review())).status);
        connection.close();
      }
    });
    // New connections trust the bundle from here on, as the API server does before anything is signed anew.
    Object.assign(world.authority, { ca: world.authority.ca + next.ca });
    await delay(150);
    world.certificate.replace(await next.issue());
    await Promise.all(clients);
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
  });
});

describe('the end', () => {
  it('with nothing under way comes at once, idle connections or not', async () => {
    const server = await world.start(handlers);
    const idle = await server.connect();
    expect(await isServed(idle)).toBe(true);
    const startedAt = performance.now();
    await server.stop();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await expect(server.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('waits for the answers that are under way, and for connections that become idle then', async () => {
    const server = await world.start(handlers);
    const connection = await server.connect();
    connection.send('POST', '/slow', { 'content-type': 'application/json' }, review());
    await waitFor(() => begun === 1);
    const startedAt = performance.now();
    const stopped = server.stop();
    const answer = await connection.answer();
    expect(answer.status).toBe(200);
    expect(answer.headers['connection']).toBe('close');
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('does not wait for ever', async () => {
    const server = await world.start(handlers, { graceMs: 100 });
    const connection = await server.connect();
    connection.send('POST', '/stuck', { 'content-type': 'application/json' }, review());
    await waitFor(() => begun === 1);
    await server.stop();
    await expect(connection.answer()).rejects.toThrow('closed without an answer');
  });
});

/** A client of the API server's kind: keeps its connection as long as the server lets it, then asks for an endpoint. */
async function client(endpoint: () => RunningServer, until: () => boolean): Promise<readonly number[]> {
  const statuses: number[] = [];
  let connection: HttpsConnection | undefined;
  while (!until()) {
    connection ??= await endpoint().connect();
    const answer = await connection.post('/echo', review());
    statuses.push(answer.status);
    if (answer.headers['connection'] === 'close') {
      connection.close();
      connection = undefined;
    }
    // Idle for a moment: a server that closes idle connections now would meet the next request half-way.
    await delay(5);
  }
  connection?.close();
  return statuses;
}

it('(67) a rolling restart under load: not one request fails', async () => {
  const first = await world.start(handlers, { drainMs: 2_000 });
  const second = await world.start(handlers);
  let endpoint = first;
  let isOver = false;
  const clients = Array.from({ length: 16 }, () =>
    client(
      () => endpoint,
      () => isOver,
    ),
  );

  await delay(200);
  const stopped = first.stop();
  // The endpoint is taken away a while after the process was told to stop, as in a cluster.
  await delay(150);
  endpoint = second;
  await stopped;
  await delay(100);
  isOver = true;

  const statuses = (await Promise.all(clients)).flat();
  expect(statuses.length).toBeGreaterThan(100);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(first.observations.length).toBeGreaterThan(0);
  expect(second.observations.length).toBeGreaterThan(0);
});
