import { KeptTimes } from '../../../src/control/kept-times.ts';
import {
  changed,
  nextAttempt,
  pollDelayMs,
  timestamp,
  waitMs,
  type AttemptStatus,
} from '../../../src/control/attempts.ts';

const epoch = Date.parse('2026-01-01T00:00:00Z');
const times = (): KeptTimes =>
  new KeptTimes({ clock: { now: () => epoch }, stopwatch: { elapsedMs: () => 5_000 } });
const retry = { initialMs: 1000, maxMs: 60_000 };

describe('attempts in the status', () => {
  it.each<[string, AttemptStatus, number]>([
    ['nothing planned', {}, 0],
    ['planned for later', { nextAttemptTime: '2026-01-01T00:00:09Z', observedGeneration: 3 }, 9000],
    ['due', { nextAttemptTime: '2025-12-31T23:59:59Z', observedGeneration: 3 }, 0],
    ['planned for an older spec', { nextAttemptTime: '2026-01-01T00:00:09Z', observedGeneration: 2 }, 0],
    ['unreadable', { nextAttemptTime: 'soon', observedGeneration: 3 }, 0],
  ])('waits until the next attempt: %s', (_name, status, expected) => {
    expect(waitMs({ metadata: { uid: 'u', generation: 3 }, status }, retry, times())).toBe(expected);
  });

  it('counts up for the same spec and starts again for a new one', () => {
    const status = { attempts: 4, observedGeneration: 3 };
    expect(nextAttempt({ metadata: { generation: 3 }, status }, retry, times()).attempts).toBe(5);
    expect(nextAttempt({ metadata: { generation: 4 }, status }, retry, times()).attempts).toBe(1);
  });

  it('waits at least as long as the broker asked for', () => {
    const next = nextAttempt({ metadata: { generation: 1 } }, retry, times(), 90_000);
    expect(next.delayMs).toBe(90_000);
    expect(next.nextAttemptTime).toBe('2026-01-01T00:01:30Z');
  });

  it('waits no longer than any wait of ours, when a clock was wrong', () => {
    const status = { nextAttemptTime: '2026-01-01T01:00:00Z', observedGeneration: 3 };
    expect(waitMs({ metadata: { uid: 'u', generation: 3 }, status }, retry, times())).toBe(60_000);
  });

  it('never names a time before the wait is over', () => {
    expect(timestamp(epoch + 1)).toBe('2026-01-01T00:00:01Z');
  });
});

describe('pause between polls', () => {
  const after = (tookMs: number) => ({ tookMs, leftMs: 3_600_000 - tookMs, maxMs: 60_000 });
  it.each<[string, number, number, number]>([
    ['at the start one second', 0, 0, 1000],
    ['a quarter of the time so far', 40_000, 0, 10_000],
    ['never longer than the limit', 3_000_000, 0, 60_000],
    ["longer when the broker's Retry-After says so", 0, 90_000, 90_000],
    ['never beyond the deadline', 3_595_000, 90_000, 5000],
    ['at once when the deadline has passed', 3_700_000, 0, 1],
  ])('%s', (_name, elapsedMs, retryAfterMs, expected) => {
    expect(pollDelayMs(after(elapsedMs), retryAfterMs)).toBe(expected);
  });

  it('is below a second when the longest pause is', () => {
    expect(pollDelayMs({ ...after(0), maxMs: 100 })).toBe(100);
  });
});

describe('changed', () => {
  it('keeps, replaces and removes fields', () => {
    const status: { a?: number; b?: number; c?: number } = { a: 1, b: 2 };
    expect(changed(status, { b: undefined, c: 3 })).toEqual({ a: 1, c: 3 });
  });
});
