import { setImmediate as turn } from 'node:timers/promises';
import { KubeClient } from '../../../src/kube/client.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { ApiTransport } from '../../../src/kube/api-transport.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { FollowedServer } from './followed-server.ts';

let api: FollowedServer;
let relay: TcpRelay;
let client: KubeClient;
let skewMs: number;

beforeEach(async () => {
  api = await FollowedServer.start();
  const connection = api.server.connection();
  relay = await TcpRelay.start(connection.server);
  skewMs = 0;
  const transport = new ApiTransport(
    { ...connection, server: relay.url(connection.server) },
    { elapsedMs: () => performance.now() + skewMs },
  );
  client = new KubeClient({ connection }, transport);
});

afterEach(async () => {
  await api.stop();
  await client.close();
  await relay.close();
  await api.close();
});

const watches = (): number => api.server.requests.filter(({ url }) => url.includes('watch=true')).length;

/** A request that gets no answer for so long that its connection is suspect. */
async function timeOut(): Promise<void> {
  await expect(client.list(configMaps, {}, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'TIMEOUT' });
}

it('a watch over connections that a router has forgotten goes on as soon as the server is heard over others', async () => {
  const { store, listWatch } = api.follow({ client });
  await listWatch.synced;
  await api.openWatch();
  await client.list(configMaps);
  // Until the connection of this request is free again.
  await turn();
  relay.silence();
  api.put('a');
  await timeOut();
  await client.list(configMaps);
  await api.equalsServer(store);
  expect(api.count('list')).toBe(1);
  expect(watches()).toBe(2);
});

it('a watch stays as it is while nothing says that the server is there', async () => {
  const { store, listWatch } = api.follow({ client });
  await listWatch.synced;
  await api.openWatch();
  api.server.plan({ answer: 'stall', times: 2 });
  await timeOut();
  await timeOut();
  api.put('a');
  await api.equalsServer(store);
  expect(watches()).toBe(1);
});

it('requests that are slow again and again cost the watches one resumption in half a minute', async () => {
  const { store, listWatch } = api.follow({ client });
  await listWatch.synced;
  const first = await api.openWatch();
  const slowOnce = async (): Promise<void> => {
    api.server.plan({ answer: 'stall' });
    await timeOut();
    await client.list(configMaps);
  };
  await slowOnce();
  const second = await api.openWatch(first);
  await slowOnce();
  await slowOnce();
  api.put('a');
  await api.equalsServer(store);
  expect(watches()).toBe(2);

  skewMs = 30_000;
  await client.list(configMaps);
  await api.openWatch(first, second);
  api.put('b');
  await api.equalsServer(store);
  expect(watches()).toBe(3);
  expect(api.count('list')).toBe(1);
});
