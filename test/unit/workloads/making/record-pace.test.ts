import { RecordPace } from '../../../../src/workloads/making/record-pace.ts';

let nowMs = 0;
let pace = new RecordPace({ elapsedMs: () => nowMs });

beforeEach(() => {
  nowMs = 1_000;
  pace = new RecordPace({ elapsedMs: () => nowMs });
});

describe('a record of ids', () => {
  it('is written at once where nothing is under way', () => {
    expect(pace.waitMs('shop', 'shop/db')).toBe(0);
  });

  it('waits until nothing has been under way in its namespace for three seconds', () => {
    pace.underWay('shop');
    expect(pace.waitMs('shop', 'shop/db')).toBe(3_000);
    nowMs += 1_500;
    pace.underWay('shop');
    expect(pace.waitMs('shop', 'shop/db')).toBe(3_000);
    nowMs += 3_000;
    expect(pace.waitMs('shop', 'shop/db')).toBe(0);
  });

  it('does not wait for other namespaces', () => {
    pace.underWay('other');
    nowMs += 500;
    pace.underWay('shop');
    pace.underWay('third');
    expect(pace.waitMs('quiet', 'quiet/db')).toBe(0);
    expect(pace.waitMs('other', 'other/db')).toBe(2_500);
  });

  it('waits a minute at most, and looks less and less often', () => {
    const waits: number[] = [];
    for (;;) {
      pace.underWay('shop');
      const waitMs = pace.waitMs('shop', 'shop/db');
      if (waitMs === 0) break;
      waits.push(waitMs);
      nowMs += waitMs;
    }
    expect(waits).toEqual([3_000, 3_000, 6_000, 12_000, 24_000, 12_000]);
  });

  it('begins anew when it was written', () => {
    pace.underWay('shop');
    pace.waitMs('shop', 'shop/db');
    nowMs += 59_000;
    pace.forget('shop/db');
    pace.underWay('shop');
    expect(pace.waitMs('shop', 'shop/db')).toBe(3_000);
  });
});
