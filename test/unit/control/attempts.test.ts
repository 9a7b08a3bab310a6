import { changed, nextAttempt, pollDelayMs, timestamp, waitMs } from '../../../src/control/attempts.ts';

const epoch = Date.parse('2026-01-01T00:00:00Z');
const clock = { now: () => epoch };
const retry = { initialMs: 1000, maxMs: 60_000 };

describe('attempts in the status', () => {
  it.each<[string, Parameters<typeof waitMs>[0], number]>([
    ['nothing planned', {}, 0],
    ['planned for later', { nextAttemptTime: '2026-01-01T00:00:09Z', observedGeneration: 3 }, 9000],
    ['due', { nextAttemptTime: '2025-12-31T23:59:59Z', observedGeneration: 3 }, 0],
    ['planned for an older spec', { nextAttemptTime: '2026-01-01T00:00:09Z', observedGeneration: 2 }, 0],
    ['unreadable', { nextAttemptTime: 'soon', observedGeneration: 3 }, 0],
  ])('waits until the next attempt: %s', (_name, status, expected) => {
    expect(waitMs(status, 3, clock)).toBe(expected);
  });

  it('counts up for the same spec and starts again for a new one', () => {
    const status = { attempts: 4, observedGeneration: 3 };
    expect(nextAttempt(status, 3, retry, clock).attempts).toBe(5);
    expect(nextAttempt(status, 4, retry, clock).attempts).toBe(1);
  });

  it('waits at least as long as the broker asked for', () => {
    const next = nextAttempt({}, 1, retry, clock, 90_000);
    expect(next.delayMs).toBe(90_000);
    expect(next.nextAttemptTime).toBe('2026-01-01T00:01:30Z');
  });

  it('never names a time before the wait is over', () => {
    expect(timestamp(epoch + 1)).toBe('2026-01-01T00:00:01Z');
  });
});

describe('pause between polls', () => {
  const operation = { startedMs: epoch, deadlineMs: epoch + 3_600_000, maxMs: 60_000 };
  it.each<[string, number, number, number]>([
    ['at the start one second', 0, 0, 1000],
    ['a quarter of the time so far', 40_000, 0, 10_000],
    ['never longer than the limit', 3_000_000, 0, 60_000],
    ["longer when the broker's Retry-After says so", 0, 90_000, 90_000],
    ['never beyond the deadline', 3_595_000, 90_000, 5000],
    ['at once when the deadline has passed', 3_700_000, 0, 1],
  ])('%s', (_name, elapsedMs, retryAfterMs, expected) => {
    expect(pollDelayMs(operation, { now: () => epoch + elapsedMs }, retryAfterMs)).toBe(expected);
  });

  it('is below a second when the longest pause is', () => {
    expect(pollDelayMs({ ...operation, maxMs: 100 }, { now: () => epoch })).toBe(100);
  });
});

describe('changed', () => {
  it('keeps, replaces and removes fields', () => {
    const status: { a?: number; b?: number; c?: number } = { a: 1, b: 2 };
    expect(changed(status, { b: undefined, c: 3 })).toEqual({ a: 1, c: 3 });
  });
});
