import type { SecretTransform, ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { secretsReadByAnnotation } from '../../../src/api/group.ts';
import { copiedKeys, readSources, uncheckedSources } from '../../../src/bindings/copied-keys.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const from = (name: string): SecretTransform => ({ addKeysFrom: { secretRef: { namespace: 'team', name } } });

function binding(secretTransforms: readonly SecretTransform[], annotations = {}): ServiceBinding {
  return {
    metadata: { name: 'b', namespace: 'team', annotations },
    spec: { instanceRef: { name: 'i' }, secretTransforms },
  };
}

const secrets = {
  one: { a: base64('1'), b: base64('2') },
  two: { a: base64('3') },
};

function copied(
  transforms: readonly SecretTransform[],
  keys: readonly string[] = [],
): { readonly data: Readonly<Record<string, string>>; readonly notes: readonly string[] } {
  const sources = { found: new Map(Object.entries(secrets)), missing: [] };
  const { data, notes } = copiedKeys(binding(transforms), sources, { keys: new Set(keys), bytes: 0 });
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return { data: Object.fromEntries(texts) as Readonly<Record<string, string>>, notes };
}

describe('keys that are copied from other Secrets', () => {
  it.each([
    ['all', [from('one')], { a: '1', b: '2' }],
    ['the later of two', [from('one'), from('two')], { a: '3', b: '2' }],
    ['the later of two, the other way', [from('two'), from('one')], { a: '1', b: '2' }],
    ['but those removed after', [from('one'), { removeKey: { key: 'a' } }], { b: '2' }],
    ['also those removed before', [{ removeKey: { key: 'a' } }, from('one')], { a: '1', b: '2' }],
    ['renamed after', [from('one'), { renameKey: { from: 'a', to: 'c' } }], { b: '2', c: '1' }],
    ['but those added after', [from('one'), { addKey: { key: 'a', stringValue: 'x' } }], { b: '2' }],
  ])('are %s', (_what, transforms, data) => {
    expect(copied(transforms)).toEqual({ data, notes: [] });
  });

  it('are not what is there already, and that is told without a value', () => {
    expect(copied([from('one')], ['a', 'other'])).toEqual({
      data: { b: '2' },
      notes: ['not copied from Secret "one", as the Secret has them already: "a"'],
    });
  });

  it('are never of another namespace, although a Secret of that name is in the own one', async () => {
    const far = { addKeysFrom: { secretRef: { namespace: 'others', name: 'one' } } };
    expect(copied([far])).toEqual({ data: {}, notes: [] });
    const client = { get: () => Promise.reject(new Error('asked')) } as unknown as KubeClient;
    const marked = binding([far], { [secretsReadByAnnotation]: 'anna' });
    expect((await readSources(client, marked, AbortSignal.timeout(60_000))).found.size).toBe(0);
  });

  it('are left out as a whole where they would not fit', () => {
    const keys = Array.from({ length: 999 }, (_, at) => `k${at}`);
    const { data, notes } = copied([from('one'), from('two')], keys);
    // Of both the later has `a`, so each has one.
    expect(data).toEqual({ b: '2' });
    expect(notes).toEqual(['not copied from Secret "two", as all together would not fit into a Secret']);
  });

  it('are read only where somebody has said who may read them', async () => {
    let reads = 0;
    const get = async () => {
      reads++;
      return { data: secrets.one };
    };
    const client = { get } as unknown as KubeClient;
    const signal = AbortSignal.timeout(60_000);
    const unmarked = await readSources(client, binding([from('one')]), signal);
    expect(unmarked.found.size).toBe(0);
    expect(unmarked.missing).toEqual([uncheckedSources(binding([from('one')]))]);
    expect(reads).toBe(0);
    const marked = await readSources(
      client,
      binding([from('one')], { [secretsReadByAnnotation]: 'anna' }),
      signal,
    );
    expect(marked).toEqual({ found: new Map([['one', secrets.one]]), missing: [] });
  });

  it('are told to be missing by the name of their Secret', async () => {
    const gone = new KubeApiError({ status: 404, reason: 'NotFound', message: 'not found' });
    const client = { get: () => Promise.reject(gone) } as unknown as KubeClient;
    const marked = binding([from('one')], { [secretsReadByAnnotation]: 'anna' });
    const { missing } = await readSources(client, marked, AbortSignal.timeout(60_000));
    expect(missing).toEqual([
      'Secret "team/one", of which spec.secretTransforms adds the keys, does not exist',
    ]);
  });
});
