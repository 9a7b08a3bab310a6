import { LookTimes } from '../../../../src/workloads/feedback/look-times.ts';

let nowMs = 0;
let times = new LookTimes({ elapsedMs: () => nowMs });

beforeEach(() => {
  nowMs = 0;
  times = new LookTimes({ elapsedMs: () => nowMs });
});

describe('a namespace is looked at', () => {
  it('a second after the last of a few Pods, and not again for five', () => {
    expect(times.waitMs('shop')).toBe(1_000);
    nowMs = 400;
    expect(times.waitMs('shop')).toBe(1_000);
    nowMs = 1_400;
    expect(times.waitMs('shop')).toBe(0);
    nowMs = 2_000;
    expect(times.waitMs('shop')).toBe(4_400);
    nowMs = 6_400;
    expect(times.waitMs('shop')).toBe(0);
  });

  it('each five seconds while Pods come and come', () => {
    const looks: number[] = [];
    // A thousand Pods in twelve seconds.
    for (; nowMs < 12_000; nowMs += 12) if (times.waitMs('shop') === 0) looks.push(nowMs);
    expect(looks.map((ms) => Math.round(ms / 1_000))).toEqual([5, 10]);
    nowMs = 17_000;
    expect(times.waitMs('shop')).toBe(0);
  });

  it('anew after a rest, or when it was forgotten', () => {
    times.waitMs('shop');
    nowMs = 1_000;
    expect(times.waitMs('shop')).toBe(0);
    nowMs = 60_000;
    expect(times.waitMs('shop')).toBe(1_000);
    nowMs = 61_000;
    expect(times.waitMs('shop')).toBe(0);
    times.forget('shop');
    expect(times.waitMs('shop')).toBe(1_000);
  });

  it('by a timer that is a moment early', () => {
    times.waitMs('shop');
    nowMs = 999;
    expect(times.waitMs('shop')).toBe(0);
  });
});
