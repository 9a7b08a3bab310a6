import { serviceInstances } from '../../../src/api/kinds.ts';
import { jsonChecksum, keyedChecksum } from '../../../src/base/hash.ts';
import { JsonText } from '../../../src/base/json-text.ts';
import { objectParameters } from '../../../src/brokers/object-parameters.ts';
import { parameterChecksum } from '../../../src/brokers/parameter-checksum.ts';
import type { ResolvedParameters } from '../../../src/brokers/parameters.ts';
import { keptBrokered } from '../../../src/model/kept-form.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { ObjectReader } from './object-reader.ts';

interface Instance extends KubeObject {
  readonly spec: {
    readonly parameters?: object;
    readonly parametersFrom?: readonly { readonly secretKeyRef: { name: string; key: string } }[];
  };
}

const key = { id: 'k', text: 'of the test' };
const large = { x: 'y'.repeat(100_000) };
const tooLarge = { x: 'y'.repeat(131_072) };

function instance(spec: Instance['spec'], generation = 3): Instance {
  return { metadata: { name: 'db', namespace: 'n', uid: 'u', generation }, spec };
}

function resolve(
  object: Instance,
  reader = new ObjectReader(),
  defaults?: object,
): Promise<ResolvedParameters> {
  const deps = { client: reader.client, checksumKey: { get: () => Promise.resolve(key) } };
  const { signal } = new AbortController();
  return objectParameters(deps, serviceInstances, object, defaults as never, signal);
}

describe('large parameters of an object', () => {
  it('are read anew, since no store keeps them, and sent as they are', async () => {
    const reader = new ObjectReader();
    reader.objects.set('ServiceInstance n/db', instance({ parameters: large }));
    const found = await resolve(keptBrokered(instance({ parameters: large })), reader);
    expect(reader.reads).toEqual(['ServiceInstance n/db']);
    expect(found).toEqual({
      kind: 'resolved',
      parameters: expect.any(JsonText) as unknown,
      redacted: { '<omitted>': `100008 bytes, sha256:${jsonChecksum(large)}` },
      origins: { fromSecrets: new Set(), fromDefaults: new Set() },
      checksum: `k.${keyedChecksum(key.text, large)}`,
      keyed: `k.${keyedChecksum(key.text, large)}`,
    });
    expect(JSON.stringify(found.kind === 'resolved' && { parameters: found.parameters })).toBe(
      JSON.stringify({ parameters: large }),
    );
  });

  it.each([
    ['another spec', instance({ parameters: large }, 4)],
    ['another object', { ...instance({}), metadata: { name: 'db', uid: 'other', generation: 3 } }],
  ])('are a conflict when there is %s by now', async (_title, live) => {
    const reader = new ObjectReader();
    reader.objects.set('ServiceInstance n/db', live);
    const known = keptBrokered(instance({ parameters: large }));
    await expect(resolve(known, reader)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
  });

  it('are refused with what to do when they are too large, and not even read', async () => {
    const reader = new ObjectReader();
    const refused = {
      kind: 'refused',
      message: expect.stringMatching(
        /^spec\.parameters has 131080 bytes, 131072 are allowed\. Make it smaller/,
      ),
    };
    expect(await resolve(keptBrokered(instance({ parameters: tooLarge })), reader)).toEqual(refused);
    expect(await resolve(instance({ parameters: tooLarge }), reader)).toEqual(refused);
    expect(reader.reads).toEqual([]);
  });

  it('count together with those from Secrets', async () => {
    const reader = new ObjectReader()
      .secret('n/one', { a: JSON.stringify({ a: 'x'.repeat(70_000) }), all: JSON.stringify(tooLarge) })
      .secret('n/two', { b: JSON.stringify({ b: 'x'.repeat(70_000) }) });
    const from = (name: string, item: string) => ({ secretKeyRef: { name, key: item } });
    const together = 'more than the 131072 bytes that are allowed';
    for (const spec of [
      { parametersFrom: [from('one', 'a'), from('two', 'b')] },
      { parametersFrom: [from('one', 'a')], parameters: { c: 'x'.repeat(70_000) } },
      { parametersFrom: [from('one', 'all')] },
    ]) {
      expect(await resolve(instance(spec), reader)).toEqual({
        kind: 'unavailable',
        message: expect.stringContaining(together),
      });
    }
    expect(await resolve(instance({ parametersFrom: [from('one', 'a')] }), reader)).toMatchObject({
      kind: 'resolved',
    });
  });

  it('may come from class and plan up to the same limit', async () => {
    expect(await resolve(instance({}), new ObjectReader(), tooLarge)).toEqual({
      kind: 'unavailable',
      message: expect.stringContaining('the default parameters of class and plan have more than'),
    });
  });
});

it.each([
  ['what is written now', { '<omitted>': `100008 bytes, sha256:${jsonChecksum(large)}` }],
  ['what was once written whole', large],
])('after the loss of the key large parameters are the same as %s', (_title, parameters) => {
  const recorded = [{ parameterChecksum: 'lost.0123', parameters }];
  expect(parameterChecksum(key, large, large, recorded)).toBe('lost.0123');
  expect(parameterChecksum(key, tooLarge, tooLarge, recorded)).not.toBe('lost.0123');
});
