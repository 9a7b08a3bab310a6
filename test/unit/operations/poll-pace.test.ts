import { PollPace } from '../../../src/operations/poll-pace.ts';

describe('the pace of polls', () => {
  let nowMs = 0;
  const pace = new PollPace({ elapsedMs: () => nowMs });

  it('P32 holds until the time is up, whoever asks, for each object apart', () => {
    pace.postpone('shop/db', 5000);
    nowMs = 4000;
    expect(pace.waitMs('shop/db')).toBe(1000);
    expect(pace.waitMs('shop/queue')).toBe(0);
    nowMs = 5000;
    expect(pace.waitMs('shop/db')).toBe(0);
  });

  it('is forgotten with the object', () => {
    pace.postpone('shop/db', 5000);
    pace.forget('shop/db');
    expect(pace.waitMs('shop/db')).toBe(0);
  });
});
