import { NextReading } from '../../../src/base/next-reading.ts';

it('gives everybody a value that was read after they asked, and shares readings', async () => {
  const open: PromiseWithResolvers<number>[] = [];
  const values = new NextReading(() => {
    const reading = Promise.withResolvers<number>();
    open.push(reading);
    return reading.promise;
  });
  const first = values.next();
  await Promise.resolve();
  const [second, third] = [values.next(), values.next()];
  expect(open).toHaveLength(1);
  open[0]?.reject(new Error('no answer'));
  await expect(first).rejects.toThrow('no answer');
  await new Promise(setImmediate);
  expect(open).toHaveLength(2);
  open[1]?.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
});
