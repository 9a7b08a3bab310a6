import { alone, compared, median, quantile } from '../../bench/measure.ts';
import { table } from '../../bench/table.ts';

it('takes quantiles that were really measured', () => {
  const values = [5, 1, 4, 2, 3];
  expect(median(values)).toBe(3);
  expect(quantile(values, 0.99)).toBe(5);
  expect(quantile(values, 0)).toBe(1);
  expect(() => median([])).toThrow(RangeError);
});

it('compares with the reference and rounds to what can be promised', () => {
  expect(compared('rate', 'per second', 98.7654, 200)).toEqual({
    measure: 'rate',
    unit: 'per second',
    value: 98.8,
    reference: 200,
    ratio: 0.494,
  });
  expect(alone('size', 'MiB', 12345.6)).toMatchObject({ value: 12346, reference: null, ratio: null });
});

it('prints a table', () => {
  expect(table([compared('rate', 'per second', 1, 2), alone('memory', 'MiB', 1500)])).toBe(
    [
      'measure  value  unit        reference  ratio',
      '───────  ─────  ──────────  ─────────  ─────',
      'rate         1  per second          2    0.5',
      'memory   1,500  MiB                 –      –',
    ].join('\n'),
  );
});
