import { RepairPace } from '../../../src/operations/repair-pace.ts';
import { SecretChecks } from '../../../src/operations/secret-checks.ts';

/** Checks in a time that passes only while they sleep, at once. */
class Sweep {
  nowMs = 0;
  readonly looks: { readonly key: string; readonly atMs: number }[] = [];
  readonly checks: SecretChecks;
  readonly keys: string[];
  readonly #stopping = new AbortController();
  readonly #at: { readonly atMs: number; readonly act: () => void }[] = [];
  #sleeps = 0;

  constructor(keys: string[], roundMs: number, random = 0, reads: number | ((key: string) => number) = 1) {
    this.keys = keys;
    this.checks = new SecretChecks({
      keys: () => this.keys,
      enqueue: (key) => {
        if (this.checks.take(key)) this.looks.push({ key, atMs: this.nowMs });
      },
      roundMs,
      readsOf: (key) => (typeof reads === 'number' ? reads : reads(key)),
      random: () => random,
      stopwatch: { elapsedMs: () => this.nowMs },
      sleep: async (ms, signal) => this.#sleep(ms, signal),
    });
  }

  at(atMs: number, act: () => void): void {
    this.#at.push({ atMs, act });
  }

  async run(untilMs: number): Promise<number> {
    this.at(untilMs, () => this.#stopping.abort());
    await this.checks.start(this.#stopping.signal);
    return this.#sleeps;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.#sleeps++;
    const endMs = this.nowMs + ms;
    for (;;) {
      await Promise.resolve();
      this.#at.sort((left, right) => left.atMs - right.atMs);
      const [next] = this.#at;
      if (signal.aborted) return;
      if (next === undefined || next.atMs > endMs) break;
      this.#at.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
    }
    this.nowMs = endMs;
  }

  keysIn(fromMs: number, toMs: number): readonly string[] {
    return this.looks.flatMap(({ key, atMs }) => (atMs >= fromMs && atMs < toMs ? [key] : []));
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `ns/b${at}`);
}

describe('looks at Secrets', () => {
  it('come to each of 300 bindings within a minute, and never more than five in a second', async () => {
    const sweep = new Sweep(names(300), 30_000);
    await sweep.run(60_000);
    expect(new Set(sweep.looks.map(({ key }) => key)).size).toBe(300);
    for (let second = 0; second < 60; second++) {
      expect(sweep.keysIn(second * 1000, second * 1000 + 1000).length).toBeLessThanOrEqual(5);
    }
  });

  it('come to a few bindings once a round, spread over it', async () => {
    const sweep = new Sweep(names(3), 30_000);
    await sweep.run(60_000);
    expect(sweep.looks.map(({ atMs }) => atMs)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  });

  it('cost nothing without bindings, and find the first one', async () => {
    const sweep = new Sweep([], 30_000);
    sweep.at(100_000, () => sweep.keys.push('ns/new'));
    expect(await sweep.run(200_000)).toBeLessThan(12);
    expect(sweep.looks[0]).toEqual({ key: 'ns/new', atMs: 120_000 });
  });

  it('come at once where somebody waits, and only once', async () => {
    const sweep = new Sweep(names(3), 30_000);
    sweep.at(13_000, () => {
      sweep.checks.soon('ns/b0');
      sweep.checks.soon('ns/b0');
    });
    await sweep.run(20_000);
    expect(sweep.keysIn(13_000, 20_000)).toEqual(['ns/b0']);
    expect(sweep.looks.find(({ atMs }) => atMs >= 13_000)?.atMs).toBe(13_000);
  });

  it('alternate: crowds that wait hold up neither the others nor each other', async () => {
    const sweep = new Sweep(names(300), 30_000);
    const crowd = Array.from({ length: 100 }, (_, at) => `ns/waits${at}`);
    sweep.at(1000, () => crowd.forEach((key) => sweep.checks.soon(key)));
    await sweep.run(41_001);
    const between = sweep.keysIn(1000, 41_001);
    expect(crowd.filter((key) => between.includes(key))).toEqual(crowd);
    expect(between.filter((key) => !crowd.includes(key)).length).toBeGreaterThanOrEqual(99);
    expect(sweep.keysIn(20_000, 21_000).length).toBeLessThanOrEqual(5);
  });

  it('are shared by namespaces: a full one leaves the others their turn', async () => {
    const sweep = new Sweep([...names(3000), 'other/b0', 'other/b1'], 30_000);
    await sweep.run(120_000);
    const others = sweep.looks.filter(({ key }) => key.startsWith('other/'));
    expect(others.map(({ key }) => key)).toEqual([1, 2, 3, 4].flatMap(() => ['other/b0', 'other/b1']));
    expect(sweep.looks.length).toBeGreaterThan(590);
  });

  it('find a namespace that has come, and leave none in the middle that goes on', async () => {
    const sweep = new Sweep(names(300), 30_000);
    sweep.at(40_000, () => sweep.keys.push('new/b0'));
    await sweep.run(61_000);
    const isNew = ({ key }: { readonly key: string }): boolean => key === 'new/b0';
    expect(sweep.looks.findLast(isNew)?.atMs).toBeGreaterThanOrEqual(60_000);
    expect(new Set(sweep.looks.map(({ key }) => key)).size).toBe(301);
  });

  it('that read many Secrets at once come the more seldom', async () => {
    const sweep = new Sweep(names(300), 30_000, 0, 10);
    await sweep.run(60_000);
    expect(sweep.looks).toHaveLength(30);
  });

  const heavyReads = (key: string): number => (key.startsWith('heavy') ? 64 : 1);

  it.each([1, 10])(
    'are shared by what they read: %i namespaces of heavy ones leave the others their minute',
    async (count) => {
      const heavy = Array.from({ length: count * 50 }, (_, at) => `heavy${at % count}/i${at}`);
      const sweep = new Sweep([...heavy, ...names(20)], 60_000, 0, heavyReads);
      await sweep.run(3 * 3_600_000);
      const times = sweep.looks.flatMap(({ key, atMs }) => (key === 'ns/b0' ? [atMs] : []));
      const gaps = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(90_000);
      expect(new Set(sweep.looks.map(({ key }) => key)).size).toBe(count * 50 + 20);
    },
  );

  it('leave heavy ones theirs beside many that are always behind', async () => {
    const crowd = Array.from({ length: 100 }, (_, at) => names(30).map((key) => `n${at}${key}`)).flat();
    const sweep = new Sweep([...crowd, 'heavy/i0'], 30_000, 0, heavyReads);
    await sweep.run(3 * 3_600_000);
    // A share of 1/101 of five reads a second, 64 at a time.
    expect(sweep.looks.filter(({ key }) => key === 'heavy/i0').length).toBeGreaterThanOrEqual(8);
  });

  it('are shared by what they read among those that wait, too', async () => {
    const sweep = new Sweep(names(20), 60_000, 0, heavyReads);
    sweep.at(1000, () => {
      for (let at = 0; at < 100; at++) sweep.checks.soon(`heavy/i${at}`);
      sweep.checks.soon('other/b0');
    });
    await sweep.run(600_000);
    expect(sweep.looks.find(({ key }) => key === 'other/b0')?.atMs).toBeLessThan(30_000);
    const turns = sweep.looks.filter(({ key }) => key.startsWith('ns/'));
    expect(turns.length).toBeGreaterThan(150);
  });

  it('begin somewhere, so that nobody is always the last', async () => {
    const sweep = new Sweep(names(4), 4000, 0.5);
    await sweep.run(8000);
    expect(sweep.looks.map(({ key }) => key)).toEqual([2, 3, 0, 1, 0, 1, 2, 3].map((at) => `ns/b${at}`));
  });

  it('forget what was due when the lead was lost', async () => {
    const sweep = new Sweep(names(1), 1000);
    sweep.checks.hold('ns/b0');
    sweep.keys.length = 0;
    await sweep.run(10);
    expect(sweep.checks.take('ns/b0')).toBe(false);
  });
});

describe('the pace of repairs', () => {
  it('is at once, then slower and slower up to ten minutes, each binding for itself', () => {
    let nowMs = 0;
    const pace = new RepairPace(30_000, { elapsedMs: () => nowMs });
    const tries: number[] = [];
    for (; nowMs <= 6 * 3_600_000; nowMs += 10_000) if (pace.enter('u')) tries.push(nowMs / 1000);
    expect(tries.slice(0, 8)).toEqual([0, 30, 90, 210, 450, 930, 1530, 2130]);
    expect((tries.at(-1) ?? 0) - (tries.at(-2) ?? 0)).toBe(600);
    expect(pace.enter('other')).toBe(true);
    expect(pace.enter('u')).toBe(false);
    pace.forget('u');
    expect(pace.enter('u')).toBe(true);
  });

  it('begins anew after hours in which nothing was changed', () => {
    let nowMs = 0;
    const pace = new RepairPace(30_000, { elapsedMs: () => nowMs });
    expect([pace.enter('u'), pace.enter('u')]).toEqual([true, false]);
    nowMs = 30_000;
    expect(pace.enter('u')).toBe(true);
    nowMs += 4 * 3_600_000;
    expect(pace.enter('u')).toBe(true);
    nowMs += 30_000;
    expect(pace.enter('u')).toBe(true);
  });
});
