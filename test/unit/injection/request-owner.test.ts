import { parseReclaim, parseShare } from '../../../src/injection/request-owner.ts';

it.each([
  ['money', { kind: 'id', id: 'money' }],
  ['Deployment/orders', { kind: 'workload', workload: { kind: 'Deployment', name: 'orders' } }],
  ['Money', undefined],
  ['a.b', undefined],
  ['', undefined],
  ['a'.repeat(64), undefined],
])('share %j is %j', (value, expected) => {
  expect(parseShare(value)).toEqual(expected);
});

it.each([
  ['delete', { kind: 'delete' }],
  ['keep', { kind: 'keep' }],
  ['30d', { kind: 'after', graceMs: 30 * 86_400_000 }],
  ['90s', { kind: 'after', graceMs: 90_000 }],
  ['0h', { kind: 'after', graceMs: 0 }],
  ['-1d', undefined],
  ['1.5d', undefined],
  ['7', undefined],
  ['', undefined],
])('reclaim %j is %j', (value, expected) => {
  expect(parseReclaim(value)).toEqual(expected);
});
