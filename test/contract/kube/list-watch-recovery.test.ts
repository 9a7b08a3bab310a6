import { waitFor } from '../../support/wait-for.ts';
import { FollowedServer, collection, expired } from './followed-server.ts';

let api: FollowedServer;

beforeEach(async () => {
  api = await FollowedServer.start();
});

afterEach(async () => {
  await api.close();
});

describe('after a disturbance', () => {
  const cutAfterAWhile: Record<string, () => Promise<void>> = {
    'the connection is cut': async () => (await api.openWatch()).cut(),
    'the server ends the watch': async () => (await api.openWatch()).end(),
    'the watch breaks inside an event': async () => {
      const watch = await api.openWatch();
      watch.raw('{"type":"ADDED","object":{"metadata":{"na');
      watch.cut();
    },
    'the watch ends inside an event': async () => {
      const watch = await api.openWatch();
      watch.raw('{"type":"ADDED","object":{"metadata":{"na');
      watch.end();
    },
    'a line is garbage': async () => (await api.openWatch()).raw('<html>bad gateway</html>\n'),
    'an event is of no known type': async () => (await api.openWatch()).event('SURPRISE', { metadata: {} }),
    'an event has no object': async () => (await api.openWatch()).raw('{"type":"ADDED"}\n'),
    'the server reports an internal error': async () => (await api.openWatch()).error(500, 'InternalError'),
    'the server has too much to do': async () => (await api.openWatch()).error(429, 'TooManyRequests'),
    'the next watch is refused with 500': async () => {
      api.server.plan({ path: /watch=true/, answer: { status: 500, body: {} } });
      (await api.openWatch()).cut();
    },
    'the next watch is refused with 429': async () => {
      api.server.plan({
        path: /watch=true/,
        answer: { status: 429, headers: { 'retry-after': '0' }, body: {} },
      });
      (await api.openWatch()).cut();
    },
    'the next connections are reset': async () => {
      api.server.plan({ path: /watch=true/, answer: 'reset', times: 3 });
      (await api.openWatch()).cut();
    },
    'the server restarts': async () => {
      await api.openWatch();
      await api.server.close();
      await api.server.listen();
    },
  };

  it.each(Object.entries(cutAfterAWhile))(
    '%s: goes on from the last version, without a new list',
    async (_name, disturb) => {
      api.put('a');
      api.put('b');
      const { store, listWatch } = api.follow();
      await listWatch.synced;
      await disturb();
      api.put('c');
      api.remove('b');
      await api.equalsServer(store);
      expect(api.count('list')).toBe(1);
      expect(api.count('watch')).toBeGreaterThanOrEqual(2);
    },
  );

  const listAgain: Record<string, () => Promise<void>> = {
    'the version is too old for the next watch (ERROR event 410)': async () => {
      const watch = await api.openWatch();
      watch.stall();
      api.remove('b');
      api.server.storage.compact();
      watch.cut();
    },
    'the next watch is refused with 410': async () => {
      const watch = await api.openWatch();
      watch.stall();
      api.remove('b');
      api.server.plan({
        path: /watch=true/,
        answer: expired,
      });
      watch.cut();
    },
    'the kind vanishes and comes back': async () => {
      const watch = await api.openWatch();
      watch.stall();
      api.remove('b');
      api.server.unserved.add(collection);
      watch.cut();
      await waitFor(
        () => api.server.requests.filter(({ url }) => url.startsWith('/api/v1/configmaps')).length > 4,
      );
      api.server.unserved.clear();
    },
    'the right to watch is taken and given back': async () => {
      const watch = await api.openWatch();
      watch.stall();
      api.remove('b');
      api.server.plan({
        times: 3,
        answer: { status: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403 } },
      });
      watch.cut();
    },
    'etcd is restored from a backup, and versions begin anew': async () => {
      api.server.storage.restoreVersion(10);
      const watch = await api.openWatch();
      watch.stall();
      api.remove('b');
      api.server.plan({ path: /watch=true/, answer: expired });
      watch.cut();
    },
  };

  it.each(Object.entries(listAgain))(
    '%s: lists again, and what vanished is removed',
    async (_name, disturb) => {
      api.put('a');
      api.put('b');
      const { store, listWatch } = api.follow();
      const removed: string[] = [];
      store.subscribe((seen) => seen.removed && removed.push(seen.object.metadata.name));
      await listWatch.synced;
      await disturb();
      await api.equalsServer(store);
      expect(removed).toEqual(['b']);
      expect(api.count('list')).toBeGreaterThanOrEqual(2);

      // And it still follows.
      await api.openWatch();
      api.put('c');
      await api.equalsServer(store);
    },
  );

  it('notices a silent watch and opens another', async () => {
    const { store, listWatch } = api.follow({ inactivityMs: 100 });
    await listWatch.synced;
    (await api.openWatch()).stall();
    api.put('unheard');
    await api.equalsServer(store);
    expect(api.count('list')).toBe(1);
  });

  it('is not silent as long as bookmarks come', async () => {
    const { listWatch } = api.follow({ inactivityMs: 200 });
    await listWatch.synced;
    await api.openWatch();
    const bookmarks = setInterval(() => api.server.sendBookmarks(), 20);
    await waitFor(() => api.count('bookmark') > 20).finally(() => clearInterval(bookmarks));
    expect(api.count('watch')).toBe(1);
  });

  it('does not go back to the bookmark of an API server that lags behind', async () => {
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    const watch = await api.openWatch();
    api.put('a');
    await api.equalsServer(store);
    const version = api.server.storage.version;
    watch.bookmark(version - 1, 'ConfigMap');
    await waitFor(() => api.count('bookmark') === 1);
    watch.cut();
    const next = await waitFor(() => api.server.watches().find((session) => session !== watch));
    expect(next.fromVersion).toBe(String(version));
  });

  it('goes on from a bookmark when older versions are forgotten', async () => {
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    const watch = await api.openWatch();
    // Changes of other kinds move the version on; this kind hears of it by bookmarks only.
    api.server.storage.create('v1/secrets', { metadata: { name: 'other' } } as never, 'ns');
    api.server.storage.compact();
    api.server.sendBookmarks();
    await waitFor(() => api.count('bookmark') > 0);
    watch.cut();
    await waitFor(() => api.server.watches().some((session) => session !== watch));
    api.put('after');
    await api.equalsServer(store);
    expect(api.count('list')).toBe(1);
  });

  it.each([1, 2, 3, 7])('reads events and characters that arrive %s bytes at a time', async (size) => {
    const { store, listWatch } = api.follow();
    await listWatch.synced;
    const watch = await api.openWatch();
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'größe', namespace: 'ns', resourceVersion: '9999', uid: 'u' },
      data: { text: '日本語 🎉 é' },
    };
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    for (let start = 0; start < bytes.length; start += size) {
      watch.raw(bytes.subarray(start, start + size));
      // One chunk per turn of the event loop, so that they are not joined again.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor(() => store.get('ns/größe'));
    expect(store.get('ns/größe')?.data).toEqual({ text: '日本語 🎉 é' });
  });
});
