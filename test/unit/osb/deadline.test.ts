import { getEventListeners } from 'node:events';
import { aborted } from '../../../src/base/abort.ts';
import { Deadline, isTimeout } from '../../../src/osb/deadline.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('a deadline', () => {
  it('aborts when time is up, as a timeout', async () => {
    const deadline = new Deadline(new AbortController().signal, 1);
    await aborted(deadline.signal);
    expect(isTimeout(deadline.signal.reason)).toBe(true);
    expect(deadline.signal.reason).toMatchObject({ message: '1 ms' });
    deadline.end();
  });

  it.each([new Error('shutting down'), new DOMException('late', 'TimeoutError')])(
    'aborts with its parent, for the same reason: %s',
    (reason) => {
      const parent = new AbortController();
      const deadline = new Deadline(parent.signal, 60_000);
      parent.abort(reason);
      expect(deadline.signal.reason).toBe(reason);
      expect(isTimeout(deadline.signal.reason)).toBe(reason.name === 'TimeoutError');
      deadline.end();
    },
  );

  it('is over at once when its parent has aborted already', () => {
    const deadline = new Deadline(AbortSignal.abort(), 60_000);
    expect(deadline.signal.aborted).toBe(true);
    deadline.end();
  });

  it('leaves no timer and no listener when it ends', () => {
    const parent = new AbortController();
    const before = timers();
    const deadline = new Deadline(parent.signal, 60_000);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    expect(timers()).toBe(before + 1);
    deadline.end();
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    expect(timers()).toBe(before);
  });
});
