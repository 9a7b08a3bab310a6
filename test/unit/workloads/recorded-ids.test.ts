import { recordedIds, maxRecordLength } from '../../../src/workloads/recorded-ids.ts';
import { wishesOf } from '../../../src/workloads/wishes.ts';

const workload = { kind: 'Deployment', name: 'shop' };
const { list } = wishesOf({ 'bind.servicecatalog.k8s.io/db': 'request/postgresql/small' }, 'team', workload);
const wishes = { list };
const [wish] = list;
const login = wish?.login.name ?? '';
const instance = wish?.request?.name ?? '';

describe('the ids on record of a workload', () => {
  it('are those of what it asks for', () => {
    const text = JSON.stringify({ [login]: 'uid-1/c-1/b-1', [instance]: 'uid-1/c-1/i-1' });
    expect(recordedIds(text, wishes)).toEqual({
      of: new Map([
        [login, { uid: 'uid-1', cluster: 'c-1', id: 'b-1' }],
        [instance, { uid: 'uid-1', cluster: 'c-1', id: 'i-1' }],
      ]),
      hasMore: false,
    });
  });

  it.each([
    ['no JSON', '{', 0],
    ['no object', '[1]', 0],
    ['another name', JSON.stringify({ other: 'uid-1/c-1/i-1', [instance]: 'uid-1/c-1/i-1' }), 1],
    ['no text', JSON.stringify({ [instance]: 7 }), 0],
    ['no id', JSON.stringify({ [instance]: 'uid-1/c-1' }), 0],
    ['an endless id', JSON.stringify({ [instance]: `uid-1/c-1/${'i'.repeat(1_000)}` }), 0],
    ['more than is read', JSON.stringify({ [instance]: 'uid-1/c-1/i-1', x: 'y'.repeat(maxRecordLength) }), 0],
  ])('keep nothing else: %s', (_, text, kept) => {
    const found = recordedIds(text, wishes);
    expect(found?.of.size).toBe(kept);
  });

  it('are nothing to a workload that asks for nothing', () => {
    expect(recordedIds(JSON.stringify({ [instance]: 'uid-1/c-1/i-1' }), { list: [] })).toBeUndefined();
  });
});
