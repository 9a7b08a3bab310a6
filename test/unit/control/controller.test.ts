import { silentLogger, type LogFields } from '../../../src/base/logger.ts';
import { Controller, type ReconcileObservation } from '../../../src/control/controller.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import { waitFor } from '../../support/wait-for.ts';
import { endLater, run, stopAll } from './running-controllers.ts';

afterEach(stopAll);

it('reconciles what is enqueued, before and after the start', async () => {
  const seen: string[] = [];
  const controller = new Controller({
    name: 'test',
    concurrency: 1,
    logger: silentLogger,
    reconcile: (key) => {
      seen.push(key);
      return Promise.resolve(undefined);
    },
  });
  controller.enqueue('ns/a');
  expect(controller.depth).toBe(1);
  const stop = new AbortController();
  endLater({ stop, finished: controller.start(stop.signal) });
  controller.enqueue('ns/b');
  await waitFor(() => seen.length === 2);
  expect(seen).toEqual(['ns/a', 'ns/b']);
});

it('works on as many keys at once as allowed, and never on one key twice', async () => {
  const active = new Map<string, number>();
  let most = 0;
  let mostOfOneKey = 0;
  let runs = 0;
  const { controller } = run(
    async (key) => {
      active.set(key, (active.get(key) ?? 0) + 1);
      most = Math.max(most, active.size);
      mostOfOneKey = Math.max(mostOfOneKey, active.get(key) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 2));
      active.delete(key);
      runs++;
      return undefined;
    },
    { concurrency: 3 },
  );
  for (let round = 0; round < 5; round++) {
    for (const key of ['a', 'b', 'c', 'd', 'e']) controller.enqueue(key);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await waitFor(() => controller.depth === 0 && active.size === 0);
  expect(most).toBe(3);
  expect(mostOfOneKey).toBe(1);
  expect(runs).toBeGreaterThanOrEqual(5);
});

it('runs again after the time that the run asked for', async () => {
  const seen: string[] = [];
  const { controller } = run((key) => {
    seen.push(key);
    return Promise.resolve(seen.length < 3 ? { requeueAfterMs: 1 } : undefined);
  });
  controller.enqueue('a');
  await waitFor(() => seen.length === 3);
  expect(seen).toEqual(['a', 'a', 'a']);
});

it('repeats a run that threw with growing delays, until it succeeds, and then forgets the failures', async () => {
  let runs = 0;
  const lines: LogFields[] = [];
  const { controller } = run(
    () => {
      runs++;
      return runs % 4 === 0 ? Promise.resolve(undefined) : Promise.reject(new TypeError(`run ${runs}`));
    },
    { logger: { ...silentLogger, warn: (fields) => lines.push(fields) } },
  );
  controller.enqueue('ns/a');
  await waitFor(() => runs === 4);
  expect(lines).toMatchObject([
    { controller: 'test', key: 'ns/a', failures: 1, error: 'run 1', errorType: 'TypeError' },
    { failures: 2 },
    { failures: 3 },
  ]);
  controller.enqueue('ns/a');
  await waitFor(() => lines.length >= 4);
  expect(lines[3]).toMatchObject({ failures: 1 });
});

it('leaves the API server alone for as long as it asks', async () => {
  const startedMs = performance.now();
  const times: number[] = [];
  const { controller } = run(() => {
    times.push(performance.now() - startedMs);
    const busy = { status: 429, reason: 'TooManyRequests', message: 'busy', retryAfterMs: 150 };
    return times.length === 1 ? Promise.reject(new KubeApiError(busy)) : Promise.resolve(undefined);
  });
  controller.enqueue('a');
  await waitFor(() => times.length === 2);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(145);
});

it('makes no noise about a conflict', async () => {
  const loud: string[] = [];
  let runs = 0;
  const { controller } = run(
    () => {
      const conflict = { status: 409, reason: 'Conflict', message: 'changed' };
      return ++runs === 1 ? Promise.reject(new KubeApiError(conflict)) : Promise.resolve(undefined);
    },
    { logger: { ...silentLogger, warn: (_fields, message) => loud.push(message) } },
  );
  controller.enqueue('a');
  await waitFor(() => runs === 2);
  expect(loud).toEqual([]);
});

it('survives a reconcile function that throws at once', async () => {
  let runs = 0;
  const { controller } = run(() => {
    runs++;
    if (runs === 1) throw new Error('not even a promise');
    return Promise.resolve(undefined);
  });
  controller.enqueue('a');
  await waitFor(() => runs === 2);
});

it('tells an observer how each run ended', async () => {
  const observations: ReconcileObservation[] = [];
  const outcomes = [Promise.resolve({ requeueAfterMs: 1 }), Promise.resolve(undefined)];
  let runs = 0;
  const { controller } = run(
    () =>
      ++runs === 1 ? Promise.reject(new Error('once')) : (outcomes.shift() ?? Promise.resolve(undefined)),
    { observe: (observation) => observations.push(observation) },
  );
  controller.enqueue('a');
  await waitFor(() => observations.length === 3);
  expect(observations.map(({ outcome }) => outcome)).toEqual(['failed', 'requeued', 'done']);
  expect(observations.every(({ controller: name, durationMs }) => name === 'test' && durationMs >= 0)).toBe(
    true,
  );
});

it('lets the runs of the moment end when it stops, tells them, and begins no other', async () => {
  const seen: string[] = [];
  const { controller, stop, finished } = run(
    async (key, signal) => {
      seen.push(`begin ${key}`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      seen.push(`end ${key}`);
      throw signal.reason;
    },
    { concurrency: 1, logger: { ...silentLogger, warn: () => seen.push('warned') } },
  );
  controller.enqueue('a');
  controller.enqueue('b');
  await waitFor(() => seen.length === 1);
  stop.abort();
  await finished;
  expect(seen).toEqual(['begin a', 'end a']);
});

it.each([
  ['throws', (reason: unknown) => Promise.reject(reason)],
  ['gives up quietly', () => Promise.resolve(undefined)],
])('takes up again what was cut short or waited: the run %s', async (_how, end) => {
  const seen: string[] = [];
  const { controller, stop, finished } = run(
    async (key, signal) => {
      seen.push(key);
      if (seen.length > 1) return undefined;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return end(signal.reason);
    },
    { concurrency: 1 },
  );
  controller.enqueue('a');
  controller.enqueue('b');
  await waitFor(() => seen.length === 1);
  stop.abort();
  await finished;
  controller.enqueue('c');
  const again = new AbortController();
  endLater({ stop: again, finished: controller.start(again.signal) });
  await waitFor(() => seen.length === 4);
  expect(seen.sort()).toEqual(['a', 'a', 'b', 'c']);
});

it('does nothing when it is stopped before it starts', async () => {
  const controller = new Controller({
    name: 'test',
    concurrency: 1,
    logger: silentLogger,
    reconcile: () => Promise.reject(new Error('must not run')),
  });
  controller.enqueue('a');
  await expect(controller.start(AbortSignal.abort())).resolves.toBeUndefined();
  expect(controller.depth).toBe(1);
});

describe('an API server that can write nothing', () => {
  const backoff = { initialMs: 5, maxMs: 300_000 };
  const concurrency = 10;

  it('is not stormed: neither by keys that make their own news nor by many of them', async () => {
    const busy = new KubeApiError({ status: 500, reason: 'InternalError', message: 'no space' });
    const begunMs: number[] = [];
    const { controller } = run(
      (key) => {
        begunMs.push(performance.now());
        controller.enqueue(key);
        return Promise.reject(busy);
      },
      { backoff, concurrency },
    );
    for (let number = 0; number < 24; number++) controller.enqueue(`ns/${number}`);
    await waitFor(() => begunMs.length > concurrency);
    const [last = 0, next = 0] = begunMs.slice(concurrency - 1);
    // Every worker has failed once; the other keys wait all the same. How long they do: see failure-pace.test.ts.
    expect(next - last).toBeGreaterThan(990);
  });

  it('is not taken for one because of objects that are too large to be written, which are left alone', async () => {
    const tooLarge = new KubeApiError({
      status: 500,
      reason: 'Unknown',
      message: 'etcdserver: request is too large',
    });
    const runs: string[] = [];
    const { controller } = run(
      async (key) => {
        runs.push(key);
        return key.startsWith('large/') ? Promise.reject(tooLarge) : Promise.resolve(undefined);
      },
      { backoff, concurrency },
    );
    for (let number = 0; number < 24; number++) controller.enqueue(`large/${number}`);
    await waitFor(() => runs.length >= 24);
    const begunMs = performance.now();
    for (let number = 0; number < 24; number++) controller.enqueue(`small/${number}`);
    await waitFor(() => runs.length >= 48);
    // With pauses it would be 24 s.
    expect(performance.now() - begunMs).toBeLessThan(2_000);
    expect(runs).toHaveLength(48);
  });

  it('is used again as soon as it can', async () => {
    let isBroken = true;
    let failures = 0;
    const seen = new Set<string>();
    const { controller } = run(
      async (key) => {
        if (!isBroken) seen.add(key);
        else {
          failures++;
          throw new Error('no');
        }
        return undefined;
      },
      { backoff, concurrency },
    );
    for (let number = 0; number < 20; number++) controller.enqueue(`ns/${number}`);
    await waitFor(() => failures >= concurrency);
    isBroken = false;
    for (let number = 0; number < 200; number++) controller.enqueue(`new/${number}`);
    await waitFor(() => seen.size >= 200);
  });

  it('holds up nobody who stops', async () => {
    let failures = 0;
    const { controller, stop, finished } = run(
      () => {
        failures++;
        return Promise.reject(new Error('no'));
      },
      { backoff, concurrency },
    );
    for (let number = 0; number < 24; number++) controller.enqueue(`ns/${number}`);
    await waitFor(() => failures >= concurrency);
    stop.abort();
    await finished;
    // What waits is kept for whoever leads next.
    expect(controller.depth).toBeGreaterThan(0);
  });
});

describe('a controller that does not work', () => {
  it('keeps no keys of what is gone', () => {
    const known = new Set<string>();
    const controller = new Controller({
      name: 'test',
      concurrency: 1,
      logger: silentLogger,
      reconcile: () => Promise.resolve(undefined),
      isKnown: (key) => known.has(key),
    });
    for (let number = 0; number < 200; number++) known.add(`ns/stays-${number}`);
    for (const key of known) controller.enqueue(key);
    for (let number = 0; number < 10_000; number++) {
      const key = `ns/passes-${number}`;
      known.add(key);
      controller.enqueue(key);
      known.delete(key);
      controller.enqueue(key);
    }
    expect(controller.depth).toBeGreaterThanOrEqual(known.size);
    expect(controller.depth).toBeLessThanOrEqual(2 * known.size + 64);
  });
});

it('is alive as long as no run goes on for ever', async () => {
  let nowMs = 0;
  const work = Promise.withResolvers<undefined>();
  const { controller } = run(() => work.promise, { stopwatch: { elapsedMs: () => nowMs } });
  controller.enqueue('ns/a');
  await waitFor(() => controller.depth === 0);
  nowMs = 600_000;
  expect(controller.isAlive()).toBe(true);
  nowMs = 3_600_000;
  expect(controller.isAlive()).toBe(false);
  work.resolve(undefined);
  await waitFor(() => controller.isAlive());
});
