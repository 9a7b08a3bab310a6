import { Heartbeat } from '../../../src/base/heartbeat.ts';

it('is alive until nothing has beaten for too long, before it begins, and when it rests', () => {
  let nowMs = 0;
  const heartbeat = new Heartbeat(1_000, { elapsedMs: () => nowMs });
  nowMs = 5_000;
  expect(heartbeat.isAlive()).toBe(true);
  heartbeat.beat();
  nowMs = 6_000;
  expect(heartbeat.isAlive()).toBe(true);
  nowMs = 6_001;
  expect(heartbeat.isAlive()).toBe(false);
  heartbeat.beat();
  expect(heartbeat.isAlive()).toBe(true);
  heartbeat.rest();
  nowMs = 60_000;
  expect(heartbeat.isAlive()).toBe(true);
});
