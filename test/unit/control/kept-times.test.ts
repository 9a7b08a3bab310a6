import { KeptTimes } from '../../../src/control/kept-times.ts';

const hourMs = 3_600_000;

function world(): { times: KeptTimes; pass: (ms: number) => void; set: (byMs: number) => void } {
  let wallMs = Date.parse('2026-01-01T00:00:00Z');
  let elapsedMs = 50_000;
  const clock = { now: () => wallMs };
  const stopwatch = { elapsedMs: () => elapsedMs };
  return {
    times: new KeptTimes({ clock, stopwatch }),
    pass: (ms) => {
      wallMs += ms;
      elapsedMs += ms;
    },
    set: (byMs) => (wallMs += byMs),
  };
}

describe('times that are kept in objects', () => {
  it('tells the wall clock and waits by the stopwatch', () => {
    const { times, pass } = world();
    expect(times.plan('a/deadline', 60_000)).toBe('2026-01-01T00:01:00Z');
    pass(20_000);
    expect(times.untilMs('a/deadline', '2026-01-01T00:01:00Z')).toBe(40_000);
    pass(50_000);
    expect(times.untilMs('a/deadline', '2026-01-01T00:01:00Z')).toBe(-10_000);
  });

  it.each([hourMs, -hourMs])('neither hurries nor delays when the clock is set by %d ms', (jumpMs) => {
    const { times, pass, set } = world();
    const planned = times.plan('a/deadline', 60_000);
    const seen = '2026-01-01T00:00:30Z';
    expect(times.untilMs('b/deadline', seen)).toBe(30_000);
    set(jumpMs);
    pass(10_000);
    expect(times.untilMs('a/deadline', planned)).toBe(50_000);
    expect(times.untilMs('b/deadline', seen)).toBe(20_000);
  });

  it('reads a text that it does not know anew, within what could have been planned', () => {
    const { times } = world();
    expect(times.untilMs('a/next', '2026-01-01T00:00:05Z')).toBe(5_000);
    expect(times.untilMs('a/next', '2026-01-01T01:00:00Z', 60_000)).toBe(60_000);
    expect(times.untilMs('b/next', '2026-01-01T00:00:05Z')).toBe(5_000);
    expect(times.untilMs('a/next', 'soon')).toBeNaN();
  });
});
