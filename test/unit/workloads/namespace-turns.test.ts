import { NamespaceTurns } from '../../../src/workloads/namespace-turns.ts';

/** What happens in the order in which it happens, and how each piece of work is ended. */
function turns() {
  const happened: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const all = new NamespaceTurns((key) => void happened.push(`again ${key}`));
  const work = (name: string) => async (): Promise<string> => {
    happened.push(`begin ${name}`);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
    happened.push(`end ${name}`);
    return name;
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.resolve();
    await new Promise(setImmediate);
  };
  return { all, happened, work, end };
}

describe('what happens to a namespace', () => {
  it('is looked at side by side', async () => {
    const { all, happened, work, end } = turns();
    const both = [all.beside('n', 'n/a', work('a')), all.beside('n', 'n/b', work('b'))];
    expect(happened).toEqual(['begin a', 'begin b']);
    await end('a');
    await end('b');
    expect(await Promise.all(both)).toEqual(['a', 'b']);
  });

  it('is taken away alone: after the looks that go on, and before those that come then', async () => {
    const { all, happened, work, end } = turns();
    const look = all.beside('n', 'n/a', work('a'));
    const removal = all.alone('n', work('removal'));
    expect(await all.beside('n', 'n/b', work('b'))).toBeUndefined();
    expect(await all.beside('n', 'n/b', work('b'))).toBeUndefined();
    expect(happened).toEqual(['begin a']);
    await end('a');
    expect(await look).toBe('a');
    expect(await all.beside('n', 'n/c', work('c'))).toBeUndefined();
    await end('removal');
    expect(await removal).toBe('removal');
    const order = ['begin a', 'end a', 'begin removal', 'end removal', 'again n/b', 'again n/c'];
    expect(happened).toEqual(order);
    void all.beside('n', 'n/b', work('b'));
    expect(happened.at(-1)).toBe('begin b');
  });

  it('holds up no other namespace', () => {
    const { all, happened, work } = turns();
    void all.alone('n', work('removal'));
    void all.beside('m', 'm/a', work('a'));
    expect(happened).toContain('begin a');
  });

  it('goes on after a failure', async () => {
    const { all, happened, work } = turns();
    const failing = async (): Promise<never> => Promise.reject(new Error('no'));
    await expect(all.beside('n', 'n/a', failing)).rejects.toThrow('no');
    await expect(all.alone('n', failing)).rejects.toThrow('no');
    void all.beside('n', 'n/a', work('a'));
    expect(happened).toEqual(['begin a']);
  });
});
