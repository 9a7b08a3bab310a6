import { parseGoDurationMs } from '../../../src/base/go-duration.ts';

describe('a duration in the notation of Go', () => {
  it.each([
    ['15m0s', 900_000],
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['300ms', 300],
    ['2us', 0.002],
    ['2µs', 0.002],
    ['1000000ns', 1],
    ['1h1m1s1ms', 3_661_001],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseGoDurationMs(text)).toBeCloseTo(milliseconds, 6);
  });

  it.each(['', '10', 'h', '1d', '1h ', '-1h', '1h-5m', '1,5h'])('%j is none', (text) => {
    expect(parseGoDurationMs(text)).toBeUndefined();
  });
});
