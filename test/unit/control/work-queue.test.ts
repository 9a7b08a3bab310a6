import { jest } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, integer, property, tuple } from 'fast-check';
import { backoffMs } from '../../../src/base/backoff.ts';
import { WorkQueue } from '../../../src/control/work-queue.ts';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** All keys that can be taken now, in order. */
async function takeAll(queue: WorkQueue): Promise<readonly string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) keys.push((await queue.take())!);
  return keys;
}

describe('adding', () => {
  it('hands out keys in order, each once', async () => {
    const queue = new WorkQueue();
    ['a', 'b', 'a', 'c', 'b'].forEach((key) => queue.add(key));
    expect(queue.depth).toBe(3);
    expect(await takeAll(queue)).toEqual(['a', 'b', 'c']);
  });

  it('gives a key to a worker that waits', async () => {
    const queue = new WorkQueue();
    const taken = queue.take();
    queue.add('a');
    expect(await taken).toBe('a');
    expect(queue.depth).toBe(0);
  });

  it('hands a key out once more when it was added while it was worked on, and not before it is done', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await takeAll(queue)).toEqual(['a']);
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  it('lets the namespaces take turns', async () => {
    const queue = new WorkQueue();
    ['big/1', 'big/2', 'big/3', 'big/4', 'small/1', 'cluster-scoped', 'small/2'].forEach((key) =>
      queue.add(key),
    );
    expect(await takeAll(queue)).toEqual([
      'big/1',
      'small/1',
      'cluster-scoped',
      'big/2',
      'small/2',
      'big/3',
      'big/4',
    ]);
  });

  it('does not slow down with thousands of keys in one namespace', async () => {
    const queue = new WorkQueue();
    const keys = Array.from({ length: 50_000 }, (_, number) => `ns/${number}`);
    keys.forEach((key) => queue.add(key));
    expect(await takeAll(queue)).toEqual(keys);
  });
});

describe('adding later', () => {
  it.each([
    ['the shorter delay comes second', [100, 40], 40],
    ['the longer delay comes second', [40, 100], 40],
  ])('adds a key once, after the shortest delay: %s', async (_name, delays, expectedMs) => {
    const queue = new WorkQueue();
    delays.forEach((delay) => queue.addAfter('a', delay));
    expect(queue.delayed).toBe(1);
    jest.advanceTimersByTime(expectedMs - 1);
    expect(queue.depth).toBe(0);
    jest.advanceTimersByTime(1);
    expect(await takeAll(queue)).toEqual(['a']);
    queue.done('a');
    jest.advanceTimersByTime(1_000);
    expect(queue.depth).toBe(0);
  });

  it.each([0, -5, Number.NaN])('adds at once for a delay of %s', (delay) => {
    const queue = new WorkQueue();
    queue.addAfter('a', delay);
    expect(queue.depth).toBe(1);
  });

  it('forgets the time that was planned when the key is handed out before', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 100);
    queue.add('a');
    await queue.take();
    expect(queue.delayed).toBe(0);
    queue.addAfter('a', 200);
    queue.done('a');
    jest.advanceTimersByTime(199);
    expect(queue.depth).toBe(0);
    jest.advanceTimersByTime(1);
    expect(await takeAll(queue)).toEqual(['a']);
  });

  it('can wait longer than a timer can', () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 1e12);
    jest.advanceTimersByTime(60_000);
    expect(queue.depth).toBe(0);
    expect(queue.delayed).toBe(1);
  });

  it('hands out nothing twice when the time comes while the key is worked on', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.take();
    queue.addAfter('a', 10);
    jest.advanceTimersByTime(10);
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.depth).toBe(1);
  });
});

describe('retrying', () => {
  it('counts failures per key, and begins anew when the key is forgotten', () => {
    const queue = new WorkQueue({ backoff: { initialMs: 10, maxMs: 1_000 } });
    queue.retry('a');
    queue.retry('a');
    queue.retry('b');
    expect([queue.failures('a'), queue.failures('b')]).toEqual([2, 1]);
    queue.forget('a');
    expect([queue.failures('a'), queue.failures('b')]).toEqual([0, 1]);
  });

  it('waits at least as long as somebody asked for', () => {
    const queue = new WorkQueue({ backoff: { initialMs: 1, maxMs: 1 } });
    expect(queue.retry('a', 5_000)).toBe(5_000);
    jest.advanceTimersByTime(4_999);
    expect(queue.depth).toBe(0);
    jest.advanceTimersByTime(1);
    expect(queue.depth).toBe(1);
  });

  it('has delays within a bound that grows to its cap and never beyond', () => {
    const random = integer({ min: 0, max: 999_999 }).map((value) => value / 1_000_000);
    const bound = (attempt: number): number => backoffMs(attempt, { initialMs: 5, maxMs: 300_000 }, () => 0);
    assert(
      property(integer({ min: 1, max: 10_000 }), random, (attempt, luck) => {
        const delay = backoffMs(attempt, { initialMs: 5, maxMs: 300_000 }, () => luck);
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThanOrEqual(bound(attempt));
        expect(bound(attempt)).toBeLessThanOrEqual(bound(attempt + 1));
        expect(bound(attempt)).toBeLessThanOrEqual(300_000);
      }),
    );
    expect(bound(1)).toBe(5);
    expect(bound(100)).toBe(300_000);
  });
});

describe('draining', () => {
  it('lets go of waiting workers and hands out nothing', async () => {
    const queue = new WorkQueue();
    const waiting = [queue.take(), queue.take()];
    await queue.drain();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    queue.add('a');
    expect(await queue.take()).toBeUndefined();
  });

  it('waits for the keys that are worked on', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.add('b');
    await queue.take();
    let isDrained = false;
    const drained = queue.drain().then(() => (isDrained = true));
    expect(await queue.take()).toBeUndefined();
    await Promise.resolve();
    expect(isDrained).toBe(false);
    queue.done('a');
    await drained;
  });

  it('collects keys meanwhile, for when it goes on', async () => {
    const queue = new WorkQueue();
    queue.add('waits');
    queue.add('worked on');
    await queue.take();
    await queue.take();
    queue.done('waits');
    queue.add('waits');
    const drained = queue.drain();
    queue.addAfter('later', 10);
    queue.add('worked on');
    queue.done('worked on');
    await drained;
    jest.advanceTimersByTime(10);
    queue.resume();
    expect(await takeAll(queue)).toEqual(['waits', 'worked on', 'later']);
  });
});

it('never has one key in two hands, loses none, and invents none', async () => {
  const keys = constantFrom('n/a', 'n/b', 'm/a', 'm/b', 'c');
  const action = tuple(
    constantFrom('add', 'add', 'later', 'retry', 'take', 'take', 'done', 'tick'),
    keys,
    integer({ min: 0, max: 50 }),
  );
  await assert(
    asyncProperty(array(action, { maxLength: 120 }), async (actions) => {
      const queue = new WorkQueue({ backoff: { initialMs: 1, maxMs: 40 } });
      const inHand = new Set<string>();
      /** Keys that were asked for and not handed out since. */
      const owed = new Set<string>();
      let asked = 0;
      let handedOut = 0;
      const take = async (): Promise<void> => {
        if (queue.depth === 0) return;
        const key = (await queue.take())!;
        expect(inHand.has(key)).toBe(false);
        inHand.add(key);
        owed.delete(key);
        handedOut++;
      };
      const done = (key: string): void => {
        if (inHand.delete(key)) queue.done(key);
      };
      for (const [what, key, number] of actions) {
        if (what === 'take') await take();
        else if (what === 'tick') jest.advanceTimersByTime(number);
        else if (what === 'done') done(key);
        else {
          owed.add(key);
          asked++;
          if (what === 'add') queue.add(key);
          else if (what === 'later') queue.addAfter(key, number);
          else queue.retry(key);
        }
      }
      // Let everything happen that was asked for.
      for (let round = 0; round < 3; round++) {
        inHand.forEach(done);
        jest.advanceTimersByTime(50);
        while (queue.depth > 0) await take();
      }
      inHand.forEach(done);
      expect([...owed]).toEqual([]);
      expect([queue.depth, queue.delayed]).toEqual([0, 0]);
      expect(handedOut).toBeLessThanOrEqual(asked);
    }),
    { numRuns: 500 },
  );
});

describe('a key that failed', () => {
  it('is not handed out at once because of what was added during its run', async () => {
    const queue = new WorkQueue({ backoff: { initialMs: 60_000, maxMs: 60_000 } });
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.retry('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
    jest.advanceTimersByTime(1001);
    expect(queue.depth).toBe(1);
  });

  it('is handed out after a second when there are news of it, however long its back-off is', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.take();
    queue.retry('a', 60_000);
    queue.done('a');
    queue.add('a');
    jest.advanceTimersByTime(998);
    expect(queue.depth).toBe(0);
    jest.advanceTimersByTime(3);
    expect(queue.depth).toBe(1);
    jest.advanceTimersByTime(600_000);
    expect(queue.depth).toBe(1);
  });

  it('and then went well is handed out at once', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.take();
    queue.retry('a', 60_000);
    queue.forget('a');
    queue.done('a');
    queue.add('a');
    expect(queue.depth).toBe(1);
  });
});

it('keeps of the keys that wait only those that are wanted, in their order', async () => {
  const queue = new WorkQueue();
  ['n/1', 'm/1', 'n/2', 'm/2'].forEach((key) => queue.add(key));
  queue.prune((key) => key !== 'n/1');
  queue.add('n/1');
  expect((await takeAll(queue)).toSorted()).toEqual(['m/1', 'm/2', 'n/1', 'n/2']);
});
