import { array, assert, asyncProperty, constantFrom, tuple } from 'fast-check';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { FollowedServer, expired } from './followed-server.ts';

/** What can happen to objects, and what can go wrong meanwhile. Each knows how to make it happen. */
const happenings: Record<string, (api: FollowedServer, name: string) => void | Promise<void>> = {
  add: (api, name) => attempt(() => api.put(name)),
  change: (api, name) => attempt(() => api.change(name, { at: String(api.server.storage.version) })),
  remove: (api, name) => attempt(() => api.remove(name)),
  replace: (api, name) => {
    attempt(() => api.remove(name));
    attempt(() => api.put(name));
  },
  compact: (api) => api.server.storage.compact(),
  bookmark: (api) => api.server.sendBookmarks(),
  cut: (api) => api.server.watches().forEach((watch) => watch.cut()),
  end: (api) => api.server.watches().forEach((watch) => watch.end()),
  stall: (api) => api.server.watches().forEach((watch) => watch.stall()),
  garbage: (api) => api.server.watches().forEach((watch) => watch.raw('}{\n')),
  half: (api) => {
    for (const watch of api.server.watches()) {
      watch.raw('{"type":"ADDED","object":{"metadata":{"name":"gh');
      watch.cut();
    }
  },
  gone: (api) => api.server.watches().forEach((watch) => watch.error(410, 'Expired')),
  refuse: (api) => api.server.plan({ times: 2, answer: { status: 500, body: {} } }),
  expire: (api) => api.server.plan({ path: /watch=true/, answer: expired }),
  reset: (api) => api.server.plan({ times: 2, answer: 'reset' }),
  restart: async (api) => {
    await api.server.close();
    await api.server.listen();
  },
  breathe: () => new Promise((resolve) => setTimeout(resolve, 3)),
};

const step = tuple(constantFrom(...Object.keys(happenings)), constantFrom('a', 'b', 'c', 'd'));

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // It is there already, or not there.
  }
}

it('has what the server has, and has told of every change, whatever happened', async () => {
  const property = asyncProperty(array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
    const api = await FollowedServer.start();
    try {
      const { store } = api.follow({ inactivityMs: 60 });
      const told = new Map<string, KubeObject>();
      store.subscribe(({ object, removed }) => {
        if (removed) told.delete(object.metadata.name);
        else told.set(object.metadata.name, object);
      });
      for (const [what, name] of steps) await happenings[what]?.(api, name);
      await api.equalsServer(store);
      expect([...told.values()].sort(byName)).toEqual([...store.list()].sort(byName));
    } finally {
      await api.close();
    }
  });
  await assert(property, { numRuns: 40, endOnFailure: true });
});

function byName(left: KubeObject, right: KubeObject): number {
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
