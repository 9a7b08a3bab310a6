import { aborted } from '../../../src/base/abort.ts';
import { PartEndedError, runTogether } from '../../../src/base/task-group.ts';

describe('parts that live and die together', () => {
  it('ends all when the outer signal aborts, and waits for the last', async () => {
    const stopping = new AbortController();
    const ended: string[] = [];
    const part = (name: string) => ({
      name,
      run: async (signal: AbortSignal) => {
        await aborted(signal);
        ended.push(name);
      },
    });
    const running = runTogether([part('a'), part('b')], stopping.signal);
    stopping.abort();
    await running;
    expect(ended).toEqual(['a', 'b']);
  });

  it('aborts the others at the first failure, waits for them, and throws that failure', async () => {
    const order: string[] = [];
    const running = runTogether(
      [
        { name: 'broken', run: () => Promise.reject(new Error('the first')) },
        {
          name: 'other',
          run: async (signal) => {
            await aborted(signal);
            order.push('other ended');
            throw new Error('the second');
          },
        },
      ],
      new AbortController().signal,
    );
    await running.catch((error: unknown) => order.push(String(error)));
    expect(order).toEqual(['other ended', 'Error: the first']);
  });

  it('does not hide a failure behind a part that never ends', async () => {
    const running = runTogether(
      [
        { name: 'broken', run: () => Promise.reject(new Error('told')) },
        { name: 'stuck', run: () => new Promise<void>(() => undefined) },
      ],
      new AbortController().signal,
      { graceMs: 5 },
    );
    await expect(running).rejects.toThrow('told');
  });

  it('takes a part that ends by itself for a failure, unless it may end', async () => {
    const part = { name: 'listener', run: () => Promise.resolve() };
    const until = { name: 'other', run: aborted };
    await expect(runTogether([part, until], new AbortController().signal)).rejects.toThrow(PartEndedError);
    const stopping = new AbortController();
    const running = runTogether([{ ...part, ends: true }, until], stopping.signal);
    stopping.abort();
    await expect(running).resolves.toBeUndefined();
  });
});
