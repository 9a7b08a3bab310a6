import { StorySteps } from '../../../support/world/story-steps.ts';

function counting(isOn: boolean): { readonly steps: StorySteps; readonly restarts: () => number } {
  let count = 0;
  const steps = new StorySteps(isOn);
  steps.onStep(() => {
    count++;
    return Promise.resolve();
  });
  return { steps, restarts: () => count };
}

describe('between the steps of a story the controllers are restarted', () => {
  it('when the test does something after what it waited for has come', async () => {
    const { steps, restarts } = counting(true);
    steps.settled();
    await steps.next();
    steps.settled();
    await steps.next();
    expect(restarts()).toBe(2);
  });

  it('once for all that it does at a time, and all of that waits for it', async () => {
    const steps = new StorySteps(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    steps.onStep(() => promise);
    steps.settled();
    const done: string[] = [];
    const acts = ['first', 'second'].map(async (name) => {
      await steps.next();
      done.push(name);
    });
    await Promise.resolve();
    expect(done).toEqual([]);
    resolve();
    await Promise.all(acts);
    expect(done).toEqual(['first', 'second']);
  });

  it('not before it has waited for anything', async () => {
    const { steps, restarts } = counting(true);
    await steps.next();
    expect(restarts()).toBe(0);
  });

  it('not where the story is about one process', async () => {
    const { steps, restarts } = counting(true);
    {
      using _ = steps.undisturbed('it counts what one process remembers');
      steps.settled();
      await steps.next();
      expect(restarts()).toBe(0);
    }
    steps.settled();
    await steps.next();
    expect(restarts()).toBe(1);
  });

  it('not unless the run asks for it', async () => {
    const { steps, restarts } = counting(false);
    steps.settled();
    await steps.next();
    expect(restarts()).toBe(0);
  });
});
