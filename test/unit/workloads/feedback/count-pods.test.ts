import { tellBindings, tellPresets } from '../../../../src/workloads/feedback/count-pods.ts';
import { watched, watchedWith, withDb, type PodParts } from './watched.ts';

const place = { namespace: 'shop', labels: undefined, own: 'bindery-system' };
const bindingOf = (secret: string): string | undefined => (secret === 'creds' ? 'orders' : undefined);
const without = { asks: withDb.asks };
const byPreset = { ...withDb, asks: {} };
const named = (name: string, parts: PodParts): PodParts => ({ ...parts, name });
const neverAsked = 'when they were made, the webhook was not called, or they did not ask yet';

describe('Injected on a ServiceBinding', () => {
  it.each<[string, readonly PodParts[], string | undefined]>([
    ['nobody asks', [{}], undefined],
    ['another one is asked for', [{ asks: { db: 'secret/creds' }, secrets: ['creds'] }], undefined],
    ['all have it', [withDb, named('b', withDb)], 'True PodsHaveIt 2 of 2 Pods that ask have it'],
    ['a single one has it', [withDb], 'True PodsHaveIt 1 of 1 Pod that ask have it'],
    [
      'one was made when nobody injected',
      [withDb, named('b', without)],
      `False PodsWithoutIt 1 of 2 Pods that ask have it. Without it: b (${neverAsked})`,
    ],
    [
      'many were',
      ['e', 'd', 'c', 'b', 'a'].map((name) => named(name, without)),
      `False PodsWithoutIt 0 of 5 Pods that ask have it. Without it: a, b, c and 2 more (${neverAsked})`,
    ],
    ['a preset brings it', [byPreset], 'True PodsHaveIt 1 Pod got it by a PodPreset'],
    [
      'a preset brings it to others',
      [withDb, named('b', byPreset)],
      'True PodsHaveIt 1 of 1 Pod that ask have it; 1 Pod got it by a PodPreset',
    ],
    [
      'one Pod asks twice and has one',
      [{ ...withDb, asks: { db: 'binding/orders', more: 'binding/orders' } }],
      'False PodsWithoutIt 0 of 1 Pod that ask have it. Without it: web-7d9f-abcde (they were made before they asked for it)',
    ],
    [
      'those that have ended do not count',
      [withDb, { ...without, phase: 'Failed' }],
      'True PodsHaveIt 1 of 1 Pod that ask have it',
    ],
  ])('%s', (_what, pods, expected) => {
    const told = tellBindings(watched(...pods), bindingOf, place).get('orders');
    expect(told && `${told.status} ${told.reason} ${told.message}`).toBe(expected);
  });

  it.each([
    [
      'has opted out',
      { 'inject.servicecatalog.k8s.io': 'disabled' },
      'shop',
      /namespace "shop" has opted out/,
    ],
    [
      'is Bindery’s own',
      undefined,
      'bindery-system',
      /no Pod of namespace "bindery-system" is ever looked at/,
    ],
    ['is of the system', undefined, 'kube-system', /no Pod of namespace "kube-system" is ever looked at/],
  ])('says so when the namespace %s', (_what, labels, namespace, words) => {
    const told = tellBindings(watched(without), bindingOf, { ...place, namespace, labels }).get('orders');
    expect(told?.message).toMatch(words);
  });

  it('says the same in whatever order Pods come', () => {
    const pods = ['a', 'b', 'c'].map((name) => named(name, without));
    expect(tellBindings(watched(...pods), bindingOf, place)).toEqual(
      tellBindings(watched(...pods.toReversed()), bindingOf, place),
    );
  });
});

describe('Injected on a PodPreset', () => {
  const clash = { note: { leftOut: [{ preset: 'proxy', why: 'env A is taken' }] } };
  it.each<[string, readonly PodParts[], string | undefined]>([
    ['no Pod was made since', [withDb], undefined],
    [
      'all have it',
      [{ note: { presets: ['proxy'] } }],
      'True PodsHaveIt 1 of 1 Pod that it was chosen for have it',
    ],
    [
      'it was left out of one',
      [{ note: { presets: ['proxy'] } }, named('b', clash)],
      'False LeftOutOfPods 1 of 2 Pods that it was chosen for have it. Left out of b (env A is taken)',
    ],
  ])('%s', (_what, pods, expected) => {
    const told = tellPresets(watched(...pods), new Set(['proxy'])).get('proxy');
    expect(told && `${told.status} ${told.reason} ${told.message}`).toBe(expected);
  });

  it('is counted for those that there are, whatever is noted on Pods', () => {
    const forged = { note: { presets: ['proxy', 'a', 'b'], leftOut: [{ preset: 'c', why: '' }] } };
    expect([...tellPresets(watched(forged), new Set(['proxy'])).keys()]).toEqual(['proxy']);
  });
});

it('a Pod that was given another Secret than its binding writes does not have it', () => {
  const told = tellBindings(
    watchedWith(() => 'other', [withDb]),
    bindingOf,
    place,
  );
  expect(told.get('orders')).toEqual({
    status: 'False',
    reason: 'PodsWithoutIt',
    message:
      '0 of 1 Pod that ask have it. Without it: web-7d9f-abcde (they were given Secret "creds", and ServiceBinding "orders", which came later, writes Secret "other")',
  });
});
