import { waitFor } from '../../support/wait-for.ts';
import { run, stopAll } from './running-controllers.ts';

afterEach(stopAll);

describe('a run that is away', () => {
  it('is no worker: however many are, others work, and no more of them at once than allowed', async () => {
    const gone = Promise.withResolvers<void>();
    let working = 0;
    let most = 0;
    const seen: string[] = [];
    const step = async (): Promise<void> => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 1));
      working--;
    };
    const { controller } = run(
      async (key, _signal, turn) => {
        await step();
        if (key.startsWith('slow')) await turn.away(() => gone.promise);
        await step();
        seen.push(key);
        return undefined;
      },
      { concurrency: 2 },
    );
    const slow = Array.from({ length: 100 }, (_, number) => `slow/${number}`);
    slow.forEach((key) => controller.enqueue(key));
    controller.enqueue('quick/a');
    controller.enqueue('quick/b');
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual(['quick/a', 'quick/b']);
    gone.resolve();
    await waitFor(() => seen.length === 102);
    expect(most).toBe(2);
  });

  it('comes back before another one begins', async () => {
    const gone = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { controller } = run(
      async (key, _signal, turn) => {
        if (key === 'away') await turn.away(() => gone.promise);
        if (key === 'holder') await held.promise;
        seen.push(key);
        return undefined;
      },
      { concurrency: 1 },
    );
    for (const key of ['away', 'holder', 'late']) controller.enqueue(key);
    await waitFor(() => controller.depth === 1);
    gone.resolve();
    await gone.promise;
    held.resolve();
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual(['holder', 'away', 'late']);
  });

  it('is waited for when the controller stops', async () => {
    const gone = Promise.withResolvers<void>();
    let isAway = false;
    const { controller, stop, finished } = run((_key, _signal, turn) => {
      isAway = true;
      return turn.away(async () => {
        await gone.promise;
        return undefined;
      });
    });
    controller.enqueue('a');
    await waitFor(() => isAway);
    stop.abort();
    let hasFinished = false;
    void finished.then(() => (hasFinished = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasFinished).toBe(false);
    gone.resolve();
    await finished;
  });
});

it('a run can have its key worked on again, also when it is over', async () => {
  const turns: (() => void)[] = [];
  const { controller } = run((_key, _signal, turn) => {
    turns.push(() => turn.again());
    return Promise.resolve(undefined);
  });
  controller.enqueue('a');
  await waitFor(() => turns.length === 1);
  turns[0]?.();
  await waitFor(() => turns.length === 2);
});
