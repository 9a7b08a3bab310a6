import { labelsSaid } from '../../../src/instances/broker-labels.ts';

const said = (labels: Readonly<Record<string, string>>): unknown =>
  labelsSaid({ metadata: { labels } }).labels;

describe('P59 H48: labels that a broker says of an instance', () => {
  it.each(['team', 'acme.example/team', 'a', 'n'.repeat(63), `${'p'.repeat(253)}/n`, 'Team_1.x-y'])(
    'are kept: %s',
    (key) => {
      expect(said({ [key]: 'blue' })).toEqual({ [key]: 'blue' });
    },
  );

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a/b/c',
    '-a',
    'a-',
    'ä',
    'a b',
    'A.example/x',
    'n'.repeat(64),
    `${'p'.repeat(254)}/n`,
    '__proto__',
  ])('are left out, and the rest is kept: %j', (key) => {
    expect(said({ [key]: 'x', team: 'blue' })).toEqual({ team: 'blue' });
  });

  it.each(['not a value', '-x', 'x'.repeat(64), 'ä', 'x\n'])(
    'have values of that syntax as well: not %j',
    (value) => {
      expect(said({ odd: value, team: '' })).toEqual({ team: '' });
    },
  );

  it('are 64 at most', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`l${at}`, 'x']));
    expect(Object.keys(said(many) as object)).toHaveLength(64);
  });

  it('are replaced as a set by an answer that has metadata, and by no other', () => {
    expect(labelsSaid({ metadata: { labels: {} } })).toEqual({ labels: undefined });
    expect(labelsSaid({})).toEqual({});
  });
});
