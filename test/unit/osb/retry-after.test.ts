import { parseRetryAfter } from '../../../src/osb/retry-after.ts';

const now = Date.parse('2026-11-20T10:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['zero', '0', 0],
    ['a fraction', '0.5', 500],
    ['ten years, clamped to a day', '315360000', 86_400_000],
    ['an HTTP date', 'Fri, 20 Nov 2026 10:00:30 GMT', 30_000],
    ['an HTTP date of RFC 850', 'Friday, 20-Nov-26 10:00:30 GMT', 30_000],
    ['a date in the past', 'Fri, 20 Nov 2020 10:00:00 GMT', 0],
    ['a date in ten years, clamped', 'Thu, 20 Nov 2036 10:00:00 GMT', 86_400_000],
  ])('understands %s', (_name, value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it.each([undefined, '', '-1', 'soon', '1e3', '0x10', '12 parsecs', 'abc 1', '2026-11-20', 'NaN', '٣'])(
    'ignores %j',
    (value) => {
      expect(parseRetryAfter(value, now)).toBeUndefined();
    },
  );
});
