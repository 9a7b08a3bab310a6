import { KubeClient, type KubeClientDeps } from '../../../src/kube/client.ts';
import type { KubeCall } from '../../../src/kube/call.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { FakeApiServer } from '../../support/fake-api-server/fake-api-server.ts';
import { waitFor } from '../../support/wait-for.ts';

let server: FakeApiServer;
const clients: KubeClient[] = [];

beforeEach(async () => {
  server = await FakeApiServer.start();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.close();
});

function newClient(deps: Partial<KubeClientDeps> = {}): KubeClient {
  const client = new KubeClient({ connection: server.connection(), ...deps });
  clients.push(client);
  return client;
}

const a = { namespace: 'ns', name: 'a' };
const methods = (): readonly string[] => server.requests.map(({ method }) => method);

describe('connections', () => {
  it('uses at most 16 for 300 calls at once, and one for 300 calls one by one', async () => {
    const client = newClient();
    await Promise.all(Array.from({ length: 300 }, () => client.list(configMaps)));
    expect(server.requests).toHaveLength(300);
    expect(server.connections).toBeLessThanOrEqual(16);

    const before = server.connections;
    for (let call = 0; call < 300; call++) await client.list(configMaps);
    expect(server.connections).toBe(before);
  });

  it('keeps them through deletions as well, although those have bodies', async () => {
    const client = newClient();
    for (let call = 0; call < 100; call++) {
      await client.create(configMaps, { metadata: a });
      await client.delete(configMaps, a);
    }
    expect(server.connections).toBeLessThanOrEqual(16);
  });

  it('has none left after close, and ends what runs', async () => {
    const client = newClient();
    server.plan({ answer: 'stall' });
    const running = client.list(configMaps);
    await waitFor(() => server.requests.length === 1);
    await Promise.all([
      client.close(),
      expect(running).rejects.toMatchObject({ name: 'KubeConnectionError' }),
    ]);
    await expect(client.list(configMaps)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('can be used again after an answer was cut off', async () => {
    const client = newClient();
    server.plan({ method: 'POST', answer: { cutAfter: '{"half":' } });
    const cut = client.create(configMaps, { metadata: a });
    await expect(cut).rejects.toMatchObject({ name: 'KubeConnectionError' });
    await expect(client.list(configMaps)).resolves.toMatchObject({ items: [] });
  });
});

describe('repeating', () => {
  it('repeats a read whose connection broke, twice', async () => {
    server.plan({ answer: 'reset', times: 2 });
    await expect(newClient().list(configMaps)).resolves.toMatchObject({ items: [] });
    expect(methods()).toEqual(['GET', 'GET', 'GET']);
  });

  it('gives up a read at the third broken connection', async () => {
    server.plan({ answer: 'reset', times: 9 });
    await expect(newClient().list(configMaps)).rejects.toMatchObject({ name: 'KubeConnectionError' });
    expect(methods()).toHaveLength(3);
  });

  it.each([
    ['POST', (client: KubeClient) => client.create(configMaps, { metadata: a })],
    ['PUT', (client: KubeClient) => client.replace(configMaps, { metadata: a })],
    ['PATCH', (client: KubeClient) => client.patch(configMaps, a, {}, { type: 'merge' })],
    ['DELETE', (client: KubeClient) => client.delete(configMaps, a)],
  ])('never repeats a %s whose connection broke: it may have happened', async (method, write) => {
    server.plan({ answer: 'reset' });
    await expect(write(newClient())).rejects.toMatchObject({ name: 'KubeConnectionError' });
    expect(methods()).toEqual([method]);
  });

  it.each([
    ['POST', (client: KubeClient) => client.create(configMaps, { metadata: a })],
    ['GET', (client: KubeClient) => client.list(configMaps)],
  ])('repeats a %s that was refused with 429 and Retry-After', async (method, call) => {
    server.plan({ answer: { status: 429, headers: { 'retry-after': '0' }, body: {} }, times: 2 });
    await call(newClient());
    expect(methods()).toEqual([method, method, method]);
  });

  it.each([
    ['429 without Retry-After', { status: 429, body: {} }],
    [
      '429 with a Retry-After beyond the deadline',
      { status: 429, headers: { 'retry-after': '60' }, body: {} },
    ],
    ['503 with Retry-After, for a write', { status: 503, headers: { 'retry-after': '0' }, body: {} }],
    ['500', { status: 500, body: {} }],
  ])('does not repeat after %s', async (_name, answer) => {
    server.plan({ answer });
    const written = newClient().create(configMaps, { metadata: a });
    await expect(written).rejects.toMatchObject({ status: answer.status });
    expect(methods()).toEqual(['POST']);
  });

  it('tells the caller how long the server wants to be left alone', async () => {
    server.plan({ answer: { status: 429, headers: { 'retry-after': '60' }, body: {} } });
    await expect(newClient().list(configMaps)).rejects.toMatchObject({ retryAfterMs: 60_000 });
  });

  it('gets fresh credentials after a 401, once', async () => {
    server.token = 'new';
    let token = 'old';
    let refreshes = 0;
    const connection = server.connection({
      headers: () => Promise.resolve({ authorization: `Bearer ${token}` }),
      refresh: () => {
        refreshes++;
        token = 'new';
        return Promise.resolve();
      },
    });
    const client = newClient({ connection });
    await expect(client.create(configMaps, { metadata: a })).resolves.toMatchObject({ metadata: a });
    expect(refreshes).toBe(1);

    server.token = 'yet another';
    await expect(client.list(configMaps)).rejects.toMatchObject({ status: 401 });
    expect(refreshes).toBe(2);
    expect(methods()).toEqual(['POST', 'POST', 'GET', 'GET']);
  });
});

describe('deadline', () => {
  it('ends a call without answer, and the next call works', async () => {
    server.plan({ answer: 'stall' });
    const client = newClient();
    const call = client.list(configMaps, {}, { timeoutMs: 50 });
    await expect(call).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('50 ms') as string,
    });
    await expect(client.list(configMaps)).resolves.toMatchObject({ items: [] });
  });

  it('trusts no connection any more after one was silent', async () => {
    const client = newClient();
    await Promise.all(Array.from({ length: 4 }, () => client.list(configMaps)));
    expect(server.connections).toBe(4);
    server.plan({ answer: 'stall' });
    await expect(client.list(configMaps, {}, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await client.list(configMaps);
    expect(server.connections).toBe(5);
  });

  it('counts the time in line for a connection, and what was given up there is never sent', async () => {
    server.plan({ answer: 'stall', times: 16 });
    const client = newClient();
    const stop = new AbortController();
    const lists = Array.from({ length: 16 }, () => client.list(configMaps, {}, { signal: stop.signal }));
    await waitFor(() => server.requests.length === 16);
    const late = client.create(configMaps, { metadata: a }, { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });

    stop.abort();
    await Promise.allSettled(lists);
    await expect(client.list(configMaps)).resolves.toMatchObject({ items: [] });
    expect(methods()).not.toContain('POST');
  });

  it('leaves no timer behind', async () => {
    const client = newClient();
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await client.list(configMaps);
    const before = timers();
    for (let call = 0; call < 10; call++) await client.list(configMaps);
    expect(timers()).toBeLessThan(before + 5);
  });

  it('ends with the reason of the signal, before and while it runs', async () => {
    const client = newClient();
    const reason = new Error('the program stops');
    await expect(client.list(configMaps, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.requests).toEqual([]);

    server.plan({ answer: 'stall' });
    const stop = new AbortController();
    const running = client.list(configMaps, {}, { signal: stop.signal });
    await waitFor(() => server.requests.length === 1);
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('stops waiting for Retry-After when the signal aborts', async () => {
    server.plan({ answer: { status: 429, headers: { 'retry-after': '20' }, body: {} } });
    const stop = new AbortController();
    const running = newClient().list(configMaps, {}, { signal: stop.signal });
    await waitFor(() => server.requests.length === 1);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});

it('tells an observer of every exchange, with warnings of the server', async () => {
  const calls: KubeCall[] = [];
  const client = newClient({ observe: (call) => calls.push(call) });
  server.plan({ answer: 'reset' });
  server.plan({
    answer: { status: 200, headers: { warning: '299 - "deprecated"' }, body: { items: [], metadata: {} } },
  });
  await client.list(configMaps);
  expect(calls).toMatchObject([
    { method: 'GET', resource: 'configmaps', status: 0 },
    { method: 'GET', resource: 'configmaps', status: 200, warning: '299 - "deprecated"' },
  ]);
});
