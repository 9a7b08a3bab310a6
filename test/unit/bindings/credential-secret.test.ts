import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel, secretKeysAnnotation } from '../../../src/api/group.ts';
import { credentialsIn } from '../../../src/bindings/secret-note.ts';
import { findSecret, storeSecret } from '../../../src/bindings/credential-secret.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { GetOptions, WriteOptions } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';

const signal = new AbortController().signal;
const binding = {
  metadata: { name: 'db', namespace: 'shop', uid: 'uid-db' },
  spec: { instanceRef: { name: 'db' }, externalID: 'id' },
} as ServiceBinding;

const secret = (metadata: object): SecretObject => ({
  metadata: { name: 'db', namespace: 'shop', uid: 'uid-secret', ...metadata },
});
const foreign = secret({});
const returned = secret({
  labels: { [bindingSecretLabel]: 'true' },
  annotations: { [bindingIdAnnotation]: 'id' },
});

/** An API server whose memory may be behind. */
function server(has: SecretObject | undefined, remembers: SecretObject | undefined = has) {
  const calls: string[] = [];
  const client = {
    get: async (_resource: object, _ref: object, { fromCache }: GetOptions) => {
      calls.push(fromCache === true ? 'glance' : 'look');
      const found = fromCache === true ? remembers : has;
      if (found === undefined) throw new KubeApiError({ status: 404, reason: 'NotFound', message: 'no' });
      return found;
    },
    create: async (_resource: object, _object: object, { dryRun }: WriteOptions) => {
      calls.push(dryRun === true ? 'probe' : 'create');
    },
  };
  return { calls, client: client as unknown as Parameters<typeof findSecret>[0] };
}

it('a glance that sees no Secret is enough', async () => {
  const { calls, client } = server(undefined);
  expect(await findSecret(client, binding, 'glance', signal)).toEqual({ kind: 'usable', isReturned: false });
  expect(calls).toEqual(['glance']);
});

it.each<[string, SecretObject | undefined, object]>([
  ["somebody else's", foreign, { kind: 'refused' }],
  ['one that came back', returned, { kind: 'usable', isReturned: true }],
  ['one that has gone meanwhile', undefined, { kind: 'usable', isReturned: false }],
])('what a glance sees is looked at: %s', async (_what, has, expected) => {
  const { calls, client } = server(has, foreign);
  expect(await findSecret(client, binding, 'glance', signal)).toMatchObject(expected);
  expect(calls).toEqual(['glance', 'look']);
});

it('a look believes nothing that was only remembered', async () => {
  const { calls, client } = server(returned, undefined);
  expect(await findSecret(client, binding, 'look', signal)).toEqual({ kind: 'usable', isReturned: true });
  expect(calls).toEqual(['look']);
});

it('a probe asks whether one that is not there could be stored', async () => {
  const { calls, client } = server(undefined);
  expect(await findSecret(client, binding, 'probe', signal)).toEqual({ kind: 'usable', isReturned: false });
  expect(calls).toEqual(['look', 'probe']);
});

describe('a Secret to which somebody has added a hundred thousand keys', () => {
  const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}`);
  const data = Object.fromEntries([...keys, 'password'].map((key) => [key, '']));
  const owner = { apiVersion: 'v1', kind: 'ServiceBinding', name: 'db', uid: 'uid-db' };
  const full = { ...secret({ ownerReferences: [owner] }), data };

  it('is written in a time that does not grow with the square of them', async () => {
    const recorded = { status: { secretContent: { digest: 'x', keys: ['password', 'old'] } } };
    const patches: unknown[] = [];
    const client = {
      get: async () => full,
      create: async () => {
        throw new KubeApiError({ status: 409, reason: 'AlreadyExists', message: 'there' });
      },
      patch: async (_resource: object, _ref: object, patch: unknown) => patches.push(patch),
    };
    const content = { data: { password: 'x' }, type: 'Opaque' };
    const startedMs = performance.now();
    const stored = await storeSecret(
      client as unknown as Parameters<typeof storeSecret>[0],
      { ...binding, ...recorded },
      content,
      signal,
    );
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(stored).toEqual({ kind: 'stored' });
    expect(patches).toMatchObject([{ data: { password: 'eA==' } }]);
  });

  it('says nothing of its keys in a note that is longer than any of ours', () => {
    const noted = (added: readonly string[]): SecretObject => ({
      ...full,
      metadata: {
        ...full.metadata,
        annotations: { [secretKeysAnnotation]: JSON.stringify({ added, json: [] }) },
      },
    });
    expect(credentialsIn(noted(keys.slice(0, 10_000)))).toBeUndefined();
    expect(credentialsIn(noted(['password']))?.added).toEqual(['password']);
  });
});
