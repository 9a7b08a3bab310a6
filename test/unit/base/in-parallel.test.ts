import { inParallel } from '../../../src/base/in-parallel.ts';

describe('work in parallel', () => {
  it('is done once on every item, so many at a time', async () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel(items, 7, async (item) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      done.push(item);
    });
    expect(done.toSorted((a, b) => a - b)).toEqual(items);
    expect(most).toBe(7);
  });

  it('of nothing is done at once', async () => {
    await expect(inParallel([], 3, () => Promise.reject(new Error('never')))).resolves.toBeUndefined();
  });

  it('begins nothing after a failure, waits for what was begun, and throws the failure', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('one');
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      ended.push(item);
    });
    await expect(work).rejects.toThrow('one');
    expect(begun).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});
