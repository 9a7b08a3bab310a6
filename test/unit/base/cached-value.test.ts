import { CachedValue } from '../../../src/base/cached-value.ts';

it('reads once for all who ask at the same time, and again after its time', async () => {
  let reads = 0;
  const value = new CachedValue(0, () => Promise.resolve(++reads));
  expect(await Promise.all([value.get(), value.get(), value.refresh()])).toEqual([1, 1, 1]);
  expect(await value.get()).toBe(2);
});

it('answers from memory within its time, unless told to refresh', async () => {
  let reads = 0;
  const value = new CachedValue(60_000, () => Promise.resolve(++reads));
  expect([await value.get(), await value.get()]).toEqual([1, 1]);
  expect([await value.refresh(), await value.get()]).toEqual([2, 2]);
});

it('keeps the last good value when reading fails, and throws when there is none', async () => {
  let isBroken = true;
  const value = new CachedValue(0, () =>
    isBroken ? Promise.reject(new Error('broken')) : Promise.resolve('good'),
  );
  await expect(value.get()).rejects.toThrow('broken');
  isBroken = false;
  expect(await value.get()).toBe('good');
  isBroken = true;
  expect(await value.get()).toBe('good');
  await expect(value.refresh()).rejects.toThrow('broken');
});
