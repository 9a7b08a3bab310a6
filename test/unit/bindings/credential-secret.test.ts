import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { bindingIdAnnotation, bindingSecretLabel } from '../../../src/api/group.ts';
import { findSecret } from '../../../src/bindings/credential-secret.ts';
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
