import { BodyBudget } from '../../../src/osb/body-budget.ts';

const mebibyte = 1024 * 1024;

function receivers(budget: BodyBudget) {
  const stopped: string[] = [];
  const all = new Map<string, { owner: string; stop: (error: Error) => void }>();
  const holds = (name: string, bytes: number): void => {
    const [owner = ''] = name.includes('/') ? name.split('/') : ['all'];
    const receiver = all.get(name) ?? { owner, stop: () => void stopped.push(name) };
    all.set(name, receiver);
    budget.holds(receiver, bytes);
  };
  const leaves = (name: string): void => {
    const receiver = all.get(name);
    if (receiver !== undefined) budget.leaves(receiver);
  };
  return { stopped, holds, leaves };
}

describe('answers under way', () => {
  it('are all received while there is room', () => {
    const { stopped, holds, leaves } = receivers(new BodyBudget(4 * mebibyte));
    for (const name of ['a', 'b', 'c', 'd']) holds(name, mebibyte);
    leaves('b');
    holds('e', mebibyte);
    leaves('b');
    expect(stopped).toEqual([]);
  });

  it('make room by giving up those that began first', () => {
    const { stopped, holds } = receivers(new BodyBudget(4 * mebibyte));
    for (const name of ['a', 'b', 'c']) holds(name, mebibyte);
    holds('a', 2 * mebibyte);
    holds('d', 2 * mebibyte);
    expect(stopped).toEqual(['a']);
    holds('e', 2 * mebibyte);
    expect(stopped).toEqual(['a', 'b', 'c']);
  });

  it('are given up of the tenant whose brokers send most, however early those of others began', () => {
    const { stopped, holds } = receivers(new BodyBudget(8 * mebibyte));
    holds('honest/catalog', mebibyte);
    for (let count = 0; count < 20; count++) holds(`flood/${count}`, mebibyte);
    holds('honest/catalog', 2 * mebibyte);
    expect(stopped).not.toContain('honest/catalog');
    expect(stopped.length).toBe(14);
  });

  it('need no room when they are small', () => {
    const { stopped, holds } = receivers(new BodyBudget(mebibyte));
    for (let count = 0; count < 1000; count++) holds(`small ${count}`, 64 * 1024);
    expect(stopped).toEqual([]);
  });
});
