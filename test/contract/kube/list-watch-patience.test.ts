import type { LogFields, Logger } from '../../../src/base/logger.ts';
import { waitFor } from '../../support/wait-for.ts';
import { FollowedServer, collection } from './followed-server.ts';

let api: FollowedServer;

beforeEach(async () => {
  api = await FollowedServer.start();
});

afterEach(async () => {
  await api.close();
});

describe('patience', () => {
  it('keeps trying a kind that is not served yet, calmly', async () => {
    api.server.unserved.add(collection);
    const { listWatch, store } = api.follow({ backoff: { initialMs: 20, maxMs: 40 } });
    await waitFor(() => api.server.requests.length >= 3);
    const startedMs = performance.now();
    const before = api.server.requests.length;
    await waitFor(() => api.server.requests.length >= before + 5);
    // Full jitter up to 40 ms: five more requests can hardly come within 10 ms.
    expect(performance.now() - startedMs).toBeGreaterThan(10);
    api.server.unserved.clear();
    await listWatch.synced;
    api.put('a');
    await api.equalsServer(store);
  });

  it('does not hammer a server that ends every watch at once', async () => {
    api.follow({ backoff: { initialMs: 50, maxMs: 50 } });
    const ended = new Set<unknown>();
    for (let round = 0; round < 6; round++) {
      const watch = await waitFor(() => api.server.watches().find((session) => !ended.has(session)));
      ended.add(watch);
      watch.end();
    }
    await waitFor(() => api.count('failure') >= 6);
    // Each of them was followed by a pause; only the present one is not a failure (yet).
    expect(api.count('watch')).toBeLessThanOrEqual(api.count('failure') + 1);
  });

  it('waits as long as Retry-After says', async () => {
    api.server.plan({
      path: /watch=true/,
      answer: { status: 429, headers: { 'retry-after': '1' }, body: {} },
    });
    const { listWatch } = api.follow();
    await listWatch.synced;
    await waitFor(() => api.count('failure') === 1);
    const startedMs = performance.now();
    await api.openWatch();
    expect(performance.now() - startedMs).toBeGreaterThan(900);
  });

  it('knows since when its view may be old, and that its loop gets on all the while', async () => {
    let skewMs = 0;
    const stopwatch = { elapsedMs: () => performance.now() + skewMs };
    const { listWatch } = api.follow({ stopwatch });
    const watch = await api.openWatch();
    await waitFor(() => listWatch.staleMs() === 0);
    skewMs = 60_000;
    expect(listWatch.staleMs()).toBe(0);

    api.server.plan({ answer: { status: 503, body: {} }, times: 1_000_000 });
    watch.cut();
    await waitFor(() => listWatch.staleMs() > 0);
    const failures = api.count('failure');
    await waitFor(() => api.count('failure') > failures + 3);
    skewMs += 30_000;
    expect(listWatch.staleMs()).toBeGreaterThanOrEqual(30_000);
    expect(listWatch.isAlive()).toBe(true);
    skewMs += 3_600_000;
    expect(listWatch.isAlive()).toBe(false);
    await waitFor(() => listWatch.isAlive());

    api.server.clearFaults();
    await waitFor(() => listWatch.staleMs() === 0);
  });

  it('goes on though whoever listens throws', async () => {
    const { store, listWatch } = api.follow();
    store.subscribe(() => {
      throw new Error('a defect');
    });
    await listWatch.synced;
    await api.openWatch();
    api.put('a');
    api.put('b');
    await api.equalsServer(store);
    expect(api.count('failure')).toBe(0);
  });

  it.each([
    [500, 'warn', 'watch failed'],
    [429, 'info', 'asked to wait'],
  ])('reports a series of %i once', async (status, level, message) => {
    const { logger, lines } = recorder();
    api.server.plan({ times: 4, answer: { status, body: {} } });
    const { listWatch } = api.follow({ logger });
    await listWatch.synced;
    const loud = lines.filter(([of]) => of !== 'debug');
    expect(loud).toMatchObject([[level, { resource: 'configmaps' }, message]]);
    expect(lines.filter(([of]) => of === 'debug')).toHaveLength(3);
  });
});

function recorder(): {
  readonly logger: Logger;
  readonly lines: readonly (readonly [string, LogFields, string])[];
} {
  const lines: [string, LogFields, string][] = [];
  const line = (level: string) => (fields: LogFields, message: string) =>
    void lines.push([level, fields, message]);
  const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  return { logger, lines };
}
