import { LargeGarbage } from '../../../src/admission/large-garbage.ts';

const mib = 2 ** 20;

it('what large bodies leave is collected every 4 MiB, and small ones are left to V8', () => {
  let collections = 0;
  const garbage = new LargeGarbage(() => collections++);
  for (let count = 0; count < 1_000; count++) garbage.left(60_000);
  garbage.left(NaN);
  for (let count = 0; count < 3; count++) garbage.left(mib);
  expect(collections).toBe(0);
  garbage.left(mib);
  expect(collections).toBe(1);
  garbage.left(3 * mib);
  expect(collections).toBe(1);
  garbage.left(7 * mib);
  expect(collections).toBe(2);
});
