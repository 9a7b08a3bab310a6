import { LookTimes } from '../../../../src/workloads/feedback/look-times.ts';

it('a namespace is looked at when the first of a crowd has been there for a second, and then each five seconds', () => {
  let nowMs = 0;
  const times = new LookTimes({ elapsedMs: () => nowMs });
  const looks: number[] = [];
  // A thousand Pods in twelve seconds.
  for (; nowMs < 12_000; nowMs += 12) if (times.waitMs('shop') === 0) looks.push(nowMs);
  expect(looks).toHaveLength(3);
  expect(looks.map((ms) => Math.round(ms / 1_000))).toEqual([1, 6, 11]);
  nowMs = 17_000;
  expect(times.waitMs('shop')).toBe(0);
  // After a rest it is a crowd of its own.
  nowMs = 60_000;
  expect(times.waitMs('shop')).toBe(1_000);
  nowMs = 61_000;
  expect(times.waitMs('shop')).toBe(0);
  times.forget('shop');
  expect(times.waitMs('shop')).toBe(1_000);
});
