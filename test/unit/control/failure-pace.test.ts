import { FailurePace } from '../../../src/control/failure-pace.ts';

const { signal } = new AbortController();
const minuteMs = 60_000;

/** Workers at a pace, in time that passes only while all of them wait. */
class Workers {
  nowMs = 0;
  readonly pace = new FailurePace({
    stopwatch: { elapsedMs: () => this.nowMs },
    sleep: (ms) => new Promise((resolve) => this.#asleep.push({ untilMs: this.nowMs + ms, wake: resolve })),
  });
  readonly #asleep: { readonly untilMs: number; readonly wake: () => void }[] = [];
  #isOver = false;

  /** Lets `count` of them run, one run after the other and each without an end of its own. */
  start(count: number, run: () => 'failed' | 'succeeded'): void {
    for (let worker = 0; worker < count; worker++) void this.#work(run);
  }

  /** @returns when so much time has passed */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#asleep.sort((left, right) => left.untilMs - right.untilMs);
      const next = this.#asleep[0];
      if (next === undefined || next.untilMs > endMs) break;
      this.#asleep.shift();
      this.nowMs = Math.max(this.nowMs, next.untilMs);
      next.wake();
    }
    this.nowMs = endMs;
  }

  stop(): void {
    this.#isOver = true;
    this.#asleep.splice(0).forEach(({ wake }) => wake());
  }

  async #work(run: () => 'failed' | 'succeeded'): Promise<void> {
    for (;;) {
      await this.pace.ready(signal);
      if (this.#isOver) return;
      if (run() === 'failed') this.pace.failed();
      else this.pace.succeeded();
      // A run takes a moment, or a worker without a pause would never let go.
      await new Promise<void>((resolve) => this.#asleep.push({ untilMs: this.nowMs + 1, wake: resolve }));
    }
  }
}

describe('the pace of runs', () => {
  let workers: Workers;
  beforeEach(() => {
    workers = new Workers();
  });
  afterEach(() => workers.stop());

  it('is one in a second while they fail, however many workers there are', async () => {
    let runs = 0;
    workers.start(10, () => {
      runs++;
      return 'failed';
    });
    await workers.pass(minuteMs);
    expect(runs).toBeGreaterThan(55);
    expect(runs).toBeLessThan(80);
  });

  it('is the full one again seconds after they have begun to go well', async () => {
    let isBroken = true;
    let runs = 0;
    workers.start(10, () => {
      runs++;
      return isBroken ? 'failed' : 'succeeded';
    });
    await workers.pass(minuteMs);
    isBroken = false;
    await workers.pass(4000);
    runs = 0;
    await workers.pass(100);
    // Ten workers, a millisecond each.
    expect(runs).toBeGreaterThan(900);
  });

  it('hardly suffers from a run in ten that fails', async () => {
    let runs = 0;
    workers.start(10, () => (++runs % 10 === 0 ? 'failed' : 'succeeded'));
    await workers.pass(1000);
    expect(runs).toBeGreaterThan(500);
  });

  it('holds up nobody who stops', async () => {
    const stopping = new AbortController();
    const pace = new FailurePace();
    for (let failure = 0; failure < 20; failure++) pace.failed();
    const ready = pace.ready(stopping.signal);
    stopping.abort();
    await ready;
    await pace.ready(AbortSignal.abort());
  });
});
