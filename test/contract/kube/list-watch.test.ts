import type { Store } from '../../../src/control/store.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { FollowedServer, expired, type ConfigMap } from './followed-server.ts';

let api: FollowedServer;

beforeEach(async () => {
  api = await FollowedServer.start();
});

afterEach(async () => {
  await api.close();
});

const names = (store: Store<ConfigMap>): readonly string[] =>
  store
    .list()
    .map(({ metadata }) => metadata.name)
    .sort();

describe('following', () => {
  it('has what was there, then sees additions, changes and removals', async () => {
    api.put('a');
    api.put('b');
    const { store, listWatch } = api.follow();
    expect(listWatch.isSynced()).toBe(false);
    await listWatch.synced;
    expect(listWatch.isSynced()).toBe(true);
    expect(names(store)).toEqual(['a', 'b']);

    api.put('c');
    api.change('a', { key: 'new' });
    api.remove('b');
    await api.equalsServer(store);
    expect(store.get('ns/a')).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'new' } });
    expect(api.count('list')).toBe(1);
  });

  it('asks for bookmarks and for an end of the watch after five to ten minutes', async () => {
    api.follow();
    const watch = await api.openWatch();
    expect(watch.timeoutSeconds).toBeGreaterThanOrEqual(300);
    expect(watch.timeoutSeconds).toBeLessThan(600);
    expect(api.server.requests.at(-1)?.url).toContain('allowWatchBookmarks=true');
  });

  it('reads a long list in pages of 500', async () => {
    for (let object = 0; object < 1_201; object++) api.put(`object-${object}`);
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    expect(store.size).toBe(1_201);
    const lists = api.server.requests.filter(({ url }) => url.includes('limit=500'));
    expect(lists).toHaveLength(3);
  });

  it('reads shorter pages where objects are large, and long ones again behind them', async () => {
    for (let object = 0; object < 900; object++) {
      const isLarge = object >= 100 && object < 110;
      api.put(`object-${String(object).padStart(3, '0')}`, isLarge ? { text: 'x'.repeat(1_500_000) } : {});
    }
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    expect(store.size).toBe(900);
    expect(api.count('failure')).toBe(0);
    const limits = api.server.requests.map(({ url }) => Number(/limit=(\d+)/.exec(url)?.[1] ?? 0));
    expect(limits.filter((limit) => limit > 0).length).toBeLessThan(60);
    expect(limits).toContain(1);
  });

  it('reads the list in one piece when a page came too late', async () => {
    for (let object = 0; object < 501; object++) api.put(`object-${object}`);
    api.server.plan({ path: /continue=/, answer: expired });
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    expect(store.size).toBe(501);
    expect(api.count('failure')).toBe(0);
  });

  it('keeps to a namespace and a selector; what leaves the selector is removed, and may come back', async () => {
    api.put('in', {}, { app: 'x' });
    api.put('out', {}, { app: 'y' });
    const { store, listWatch } = api.follow({ namespace: 'ns', labelSelector: 'app=x' });
    await listWatch.synced;
    expect(names(store)).toEqual(['in']);

    await api.openWatch();
    api.relabel('in', { app: 'y' });
    await waitFor(() => store.size === 0);
    api.relabel('in', { app: 'x' });
    await waitFor(() => store.size === 1);
  });

  it('gets no more than metadata when that is all it wants', async () => {
    api.put('before', { secret: 'value' });
    const { store, listWatch } = api.follow({ metadataOnly: true });
    await listWatch.synced;
    await api.openWatch();
    api.put('after', { secret: 'value' });
    await waitFor(() => store.size === 2);
    for (const object of store.list()) {
      expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
      expect(object).not.toHaveProperty('data');
    }
    const accepted = api.server.requests.map(({ headers }) => headers.accept);
    expect(accepted.every((accept) => accept?.includes('as=PartialObjectMetadata'))).toBe(true);
  });

  it('stops at once when told, and leaves no watch behind', async () => {
    const { listWatch } = api.follow();
    await listWatch.synced;
    await api.openWatch();
    await api.stop();
    await waitFor(() => api.server.watches().length === 0);
  });
});

it('never keeps or asks for the data of secrets when it watches their metadata', async () => {
  const secret = { metadata: { name: 's' }, data: { password: 'aHVudGVyMg==' } };
  api.server.storage.create('v1/secrets', secret as never, 'ns');
  const { store, listWatch } = api.follow({ resource: secrets, metadataOnly: true });
  await listWatch.synced;
  expect(JSON.stringify(store.list())).not.toContain('aHVudGVyMg');
});
