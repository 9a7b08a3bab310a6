import { forRealRequests, type KnownNamespaces } from '../../../src/admission/real-request.ts';
import { unchanged, type Decision } from '../../../src/admission/decision.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import { knownNamespaces } from '../../../src/commands/known-namespaces.ts';
import { Store } from '../../../src/control/store.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { request } from './requests.ts';

const alice = { username: 'alice' };

/** Knows `shop`; `new` exists and the watch has not told of it. */
function cluster(): KnownNamespaces & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    isKnown: (name) => name === 'shop',
    exists: async (name) => {
      asked.push(name);
      return name === 'crowded' ? undefined : name === 'new';
    },
  };
}

async function decide(
  fields: Partial<AdmissionRequest>,
  namespaces: KnownNamespaces = cluster(),
): Promise<Decision & { readonly handled: number }> {
  let handled = 0;
  const handler = forRealRequests(() => (handled++, unchanged), namespaces);
  return { ...(await handler(request({ user: alice, ...fields }), { timeoutMs: 1_000 })), handled };
}

it.each([
  ['without a user', { user: {} }, 400],
  ['with an empty user', { user: { username: '' } }, 400],
  ['in a namespace that there is not', { namespace: 'made-up' }, 404],
  ['without a namespace', { namespace: '' }, 404],
  ['in what can be no namespace', { namespace: 'a,metadata.name!=b' }, 404],
  ['of an account of no namespace', { user: { username: 'system:serviceaccount::a' } }, 404],
  [
    'of an account of a namespace that there is not',
    { user: { username: 'system:serviceaccount:made-up:a' } },
    404,
  ],
  ['in one of too many new namespaces', { namespace: 'crowded' }, 429],
])('a request %s is refused before anything is asked or told about it', async (_what, fields, code) => {
  expect(await decide(fields)).toMatchObject({ allowed: false, code, handled: 0 });
});

it.each<[string, Partial<AdmissionRequest>, readonly string[]]>([
  ['in a known namespace', {}, []],
  ['in a namespace so new that only the API server knows it', { namespace: 'new' }, ['new']],
  ['about a kind without namespace', { namespace: '', kind: 'ClusterServiceBroker' }, []],
  ['of somebody who has not logged in', { user: { username: 'system:anonymous' } }, []],
  ['of an account of another namespace', { user: { username: 'system:serviceaccount:new:a' } }, ['new']],
])('a request %s is answered', async (_what, fields, asked) => {
  const here = cluster();
  expect(await decide(fields, here)).toMatchObject({ allowed: true, handled: 1 });
  expect(here.asked).toEqual(asked);
});

it('is answered at once where the namespace is known: nothing waits that needs not', () => {
  const handler = forRealRequests(() => unchanged, cluster());
  expect(handler(request({ user: alice }), { timeoutMs: 1_000 })).toBe(unchanged);
});

describe('namespaces that the watch has not told of', () => {
  const signal = new AbortController().signal;
  const found = { metadata: {}, items: [{ metadata: { name: 'new' } }] };

  it('are asked for once, however many wait, and only so many at a time', async () => {
    const selectors: unknown[] = [];
    const answer = Promise.withResolvers<typeof found>();
    const list = (_resource: unknown, query: { readonly fieldSelector?: string } = {}) => {
      selectors.push(query.fieldSelector);
      return answer.promise as Promise<never>;
    };
    const namespaces = knownNamespaces(new Store<KubeObject>(), { list }, signal);
    const twice = [namespaces.exists('new', 1_000), namespaces.exists('new', 1_000)];
    const more = Array.from({ length: 9 }, (_none, at) => namespaces.exists(`n${at}`, 1_000));
    expect(selectors).toEqual(
      ['new', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'].map((name) => `metadata.name=${name}`),
    );
    expect(await more.at(-1)).toBeUndefined();
    answer.resolve(found);
    expect(await Promise.all(twice)).toEqual([true, true]);
    await Promise.all(more);
    expect(await namespaces.exists('new', 1_000)).toBe(true);
    expect(selectors).toHaveLength(9);
  });
});
