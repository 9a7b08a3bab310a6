import { FairShares } from '../../../src/base/fair-shares.ts';

function filled(max: number, ...things: readonly string[]): { shares: FairShares<string>; gone: string[] } {
  const shares = new FairShares<string>(max);
  const gone = things.flatMap((thing) => shares.put(thing.charAt(0), thing, thing) ?? []);
  return { shares, gone };
}

const taken = (shares: FairShares<string>): readonly string[] =>
  shares.values().map(() => shares.shift() ?? 'nothing');

it('serves owners in turn, and what is older first', () => {
  expect(taken(filled(9, 'a1', 'a2', 'a3', 'b1', 'c1', 'b2').shares)).toEqual([
    'a1',
    'b1',
    'c1',
    'a2',
    'b2',
    'a3',
  ]);
});

it('takes the oldest from who has most', () => {
  const { shares, gone } = filled(4, 'b1', 'a1', 'a2', 'a3', 'c1', 'a4');
  expect(gone).toEqual(['a1', 'a2']);
  expect(taken(shares)).toEqual(['b1', 'a3', 'c1', 'a4']);
});

it('counts what is put again once, as the newest', () => {
  const { shares, gone } = filled(3, 'a1', 'a2', 'a1', 'a3');
  expect(gone).toEqual([]);
  expect(taken(shares)).toEqual(['a2', 'a1', 'a3']);
  expect(shares.shift()).toBeUndefined();
});

it('knows what was not taken, and forgets what is deleted', () => {
  const { shares } = filled(3, 'a1', 'a2');
  shares.delete('a', 'a1');
  shares.delete('b', 'b1');
  expect([shares.get('a', 'a1'), shares.get('a', 'a2'), shares.get('b', 'b1')]).toEqual([
    undefined,
    'a2',
    undefined,
  ]);
  expect(shares.put('b', 'b1', 'b1')).toBeUndefined();
  expect(shares.put('b', 'b2', 'b2')).toBeUndefined();
});
