import { Limiter } from '../../../src/osb/limiter.ts';

const never = new AbortController().signal;

describe('a limiter', () => {
  it('admits so many and lets the others wait in line', async () => {
    const limiter = new Limiter({ maxConcurrent: 2 });
    expect(await limiter.enter(never)).toBe('admitted');
    expect(await limiter.enter(never)).toBe('admitted');
    const order: string[] = [];
    const waiting = ['first', 'second'].map(async (name) => {
      await limiter.enter(never);
      order.push(name);
      limiter.leave();
    });
    expect(limiter.waiting).toBe(2);
    expect(order).toEqual([]);
    limiter.leave();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second']);
    expect(limiter.running).toBe(1);
    limiter.leave();
    expect(limiter.running).toBe(0);
  });

  it('never runs more than allowed, whoever comes and goes', async () => {
    const limiter = new Limiter({ maxConcurrent: 3 });
    let running = 0;
    let most = 0;
    const one = async (): Promise<void> => {
      await limiter.enter(never);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      limiter.leave();
    };
    await Promise.all(Array.from({ length: 100 }, one));
    expect(most).toBe(3);
    expect(limiter.running).toBe(0);
  });

  it('sends away who would be too many in line', async () => {
    const limiter = new Limiter({ maxConcurrent: 1, maxWaiting: 1 });
    await limiter.enter(never);
    const second = limiter.enter(never);
    expect(await limiter.enter(never)).toBe('full');
    limiter.leave();
    expect(await second).toBe('admitted');
  });

  it('sends away who has waited too long, and forgets it', async () => {
    const limiter = new Limiter({ maxConcurrent: 1, maxWaitMs: 1 });
    await limiter.enter(never);
    expect(await limiter.enter(never)).toBe('waited-too-long');
    expect(limiter.waiting).toBe(0);
    limiter.leave();
    expect(limiter.running).toBe(0);
  });

  it('lets nobody wait any more when one has waited too long, until a slot is given back', async () => {
    const limiter = new Limiter({ maxConcurrent: 2, maxWaitMs: 20 });
    await limiter.enter(never);
    await limiter.enter(never);
    expect(await limiter.enter(never)).toBe('waited-too-long');
    const refused = limiter.enter(never);
    expect(limiter.waiting).toBe(0);
    expect(await refused).toBe('waited-too-long');

    limiter.leave();
    expect(await limiter.enter(never)).toBe('admitted');
    const waiting = limiter.enter(never);
    expect(limiter.waiting).toBe(1);
    limiter.leave();
    expect(await waiting).toBe('admitted');
  });

  it('forgets who was cancelled', async () => {
    const limiter = new Limiter({ maxConcurrent: 1 });
    await limiter.enter(never);
    const controller = new AbortController();
    const waiting = limiter.enter(controller.signal);
    controller.abort();
    expect(await waiting).toBe('cancelled');
    expect(await limiter.enter(AbortSignal.abort())).toBe('cancelled');
    expect(limiter.waiting).toBe(0);
    expect(limiter.running).toBe(1);
  });
});
