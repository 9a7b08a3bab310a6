import { ObjectPatch } from '../../../src/admission/object-patch.ts';
import {
  finalizer,
  generatedForAnnotation,
  generatedLabel,
  idMadeAnnotation,
  secretsReadByAnnotation,
} from '../../../src/api/group.ts';
import { queryLabels } from '../../../src/api/labels.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently } from '../injection/pods.ts';
import {
  alice,
  bob,
  byController,
  decide,
  instance,
  stored,
  update,
  madeAt,
  uuid,
  world,
  type World,
} from './catalog-world.ts';

describe.each(['ClusterServiceBroker', 'ServiceBroker'])('%s', (kind) => {
  const broker = { metadata: { name: 'x' }, spec: { url: 'http://b' } };

  it('at creation: finalizer beside those of others, and relistBehavior', async () => {
    const result = await stored(kind, { ...broker, metadata: { finalizers: ['other/x'] } });
    expect(result['metadata']).toEqual({ finalizers: ['other/x', finalizer] });
    expect(result['spec']).toEqual({ url: 'http://b', relistBehavior: 'Duration' });
  });

  it.each(['', null, undefined])('relistBehavior %j becomes Duration, Manual stays', async (value) => {
    const spec = value === undefined ? {} : { relistBehavior: value };
    expect(await stored(kind, { metadata: {}, spec })).toMatchObject({
      spec: { relistBehavior: 'Duration' },
    });
    const manual = { metadata: {}, spec: { relistBehavior: 'Manual' } };
    expect(await stored(kind, manual)).toMatchObject({ spec: { relistBehavior: 'Manual' } });
  });

  it.each([
    [5, 0, 5],
    [5, undefined, 5],
    [5, 6, 6],
    [0, 0, 0],
  ])('relistRequests: %j, written as %j, is %j', async (old, next, expected) => {
    const spec = (count: number | undefined): JsonObject => ({
      relistBehavior: 'Manual',
      ...(count === undefined ? {} : { relistRequests: count }),
    });
    const result = await update(kind, { spec: spec(old) }, { metadata: {}, spec: spec(next) });
    expect((result['spec'] as JsonObject)['relistRequests']).toBe(expected);
  });

  it('what is complete is not touched', async () => {
    const complete = { metadata: { finalizers: [finalizer] }, spec: { relistBehavior: 'Manual' } };
    expect(await decide(kind, complete)).toEqual({ allowed: true, outcome: 'unchanged' });
  });
});

describe('the namespace of the Secret of a', () => {
  const withSecret = (kind: string, namespace: unknown): JsonObject => ({
    metadata: { finalizers: [finalizer] },
    spec: { relistBehavior: 'Manual', authInfo: { [kind]: { secretRef: { name: 's', namespace } } } },
  });

  it.each(['basic', 'bearer'])(
    'ServiceBroker is its own, and whoever says another is told (%s)',
    async (kind) => {
      const { allowed, warnings } = await decide('ServiceBroker', withSecret(kind, 'elsewhere'));
      expect({ allowed, warnings }).toEqual({
        allowed: true,
        warnings: [
          `spec.authInfo.${kind}.secretRef.namespace is ignored: ` +
            'the Secret of a ServiceBroker is in its own namespace, "shop"',
        ],
      });
    },
  );

  it.each([
    ['ServiceBroker', 'shop'],
    ['ServiceBroker', ''],
    ['ClusterServiceBroker', 'elsewhere'],
  ])('%s: nothing is said of %j', async (kind, namespace) => {
    expect((await decide(kind, withSecret('basic', namespace))).warnings).toBeUndefined();
  });
});

describe('ServiceBinding', () => {
  const binding = (spec: JsonObject): JsonObject => ({ metadata: { name: 'x' }, spec });
  const held = (spec: JsonObject): JsonObject => ({ metadata: { name: 'x', finalizers: [finalizer] }, spec });

  it('at creation is complete at once', async () => {
    expect(await stored('ServiceBinding', binding({ instanceRef: { name: 'i' }, externalID: '' }))).toEqual({
      metadata: { name: 'x', finalizers: [finalizer], annotations: { [idMadeAnnotation]: madeAt } },
      spec: { instanceRef: { name: 'i' }, externalID: uuid, secretName: 'x', userInfo: alice },
    });
  });

  it('keeps the names that the user gave', async () => {
    const spec = { instanceRef: { name: 'i' }, externalID: 'id', secretName: 's' };
    expect(await stored('ServiceBinding', binding(spec))).toMatchObject({ spec });
  });

  it('with generateName leaves the Secret’s name open', async () => {
    const result = await stored('ServiceBinding', binding({ instanceRef: { name: 'i' } }), { name: '' });
    expect(result['spec']).not.toHaveProperty('secretName');
  });

  it('afterwards a client that knows only what it wrote changes nothing', async () => {
    const before = held({
      instanceRef: { name: 'i' },
      externalID: 'id',
      secretName: 's',
      userInfo: alice,
    });
    const after = binding({ instanceRef: { name: 'i' }, externalID: '', userInfo: bob });
    expect(await update('ServiceBinding', before, after, { user: bob })).toEqual(before);
  });

  it('of before Bindery, without a requester, none is made up', async () => {
    const before = held({ instanceRef: { name: 'i' }, externalID: 'id', secretName: 's' });
    expect(
      await update('ServiceBinding', before, binding({ ...(before['spec'] as JsonObject), userInfo: bob })),
    ).toEqual(before);
  });
});

describe.each(['ClusterServiceBroker', 'ServiceBroker', 'ServiceInstance', 'ServiceBinding'])(
  'what a manifest does not know of a %s',
  (kind) => {
    const full = {
      metadata: {
        name: 'x',
        finalizers: ['other/x', finalizer],
        labels: { [generatedLabel]: 'true', mine: '1' },
        annotations: { [generatedForAnnotation]: 'request/pg/small', mine: '1' },
      },
      spec: { url: 'http://a', externalID: 'id', relistBehavior: 'Duration', userInfo: alice },
    };
    const plain = { metadata: { name: 'x' }, spec: { url: 'http://b', relistBehavior: 'Duration' } };

    it('is put back when the spec changes', async () => {
      expect((await update(kind, full, plain))['metadata']).toEqual({
        name: 'x',
        finalizers: [finalizer],
        labels: { [generatedLabel]: 'true' },
        annotations: { [generatedForAnnotation]: 'request/pg/small' },
      });
    });

    it('is not put back while the object is being deleted without it', async () => {
      const { finalizers: _finalizers, ...metadata } = full.metadata;
      const going = { ...full, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
      expect((await update(kind, going, plain))['metadata']).not.toHaveProperty('finalizers');
      const held = { ...going, metadata: { ...going.metadata, finalizers: [finalizer] } };
      expect((await update(kind, held, plain))['metadata']).toMatchObject({ finalizers: [finalizer] });
    });

    it('a finalizer that alone is taken away stays away, also by a client that writes its zero values', async () => {
      const zeros = { updateRequests: 0, parameters: {}, parametersFrom: null, secretName: '' };
      const after = { metadata: { name: 'x' }, spec: { ...full.spec, ...zeros } };
      expect((await update(kind, full, after))['metadata']).not.toHaveProperty('finalizers');
    });
  },
);

describe('a new ServiceBinding of an instance that is being deleted', () => {
  const binding = { metadata: { name: 'x' }, spec: { instanceRef: { name: 'dying' } } };

  it('is refused in the words of the original', async () => {
    expect(await decide('ServiceBinding', binding)).toMatchObject({
      allowed: false,
      code: 403,
      message: 'ServiceBinding shop/x references a ServiceInstance that is being deleted: shop/dying',
    });
  });

  it('is let in from the controller, which has it wait, and when it is not new', async () => {
    expect(await decide('ServiceBinding', binding, byController)).toMatchObject({ allowed: true });
    const fields = { operation: 'UPDATE', oldObject: binding };
    expect(await decide('ServiceBinding', binding, fields)).toMatchObject({ allowed: true });
  });

  it('is refused only there', async () => {
    expect(await decide('ServiceBinding', binding, { namespace: 'other' })).toMatchObject({ allowed: true });
    const nonsense = { metadata: { name: 'x' }, spec: { instanceRef: 'dying' } };
    expect(await decide('ServiceBinding', nonsense)).toMatchObject({ allowed: true });
  });
});

describe.each(['ServiceInstance', 'ServiceBinding'])('Secrets that a %s has sent to a broker', (kind) => {
  const from = (...names: readonly string[]): JsonObject => ({
    metadata: { name: 'x' },
    spec: { parametersFrom: names.map((name) => ({ secretKeyRef: { name, key: 'k' } })) },
  });
  const blind = (): World => world({}, ['get secrets']);

  it('can only be those that its author may read', async () => {
    const decision = await decide(kind, from('params'), {}, blind());
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toBe(
      'user "alice" may not get Secret "params" in namespace "shop", to which spec.parametersFrom refers',
    );
  });

  it('are asked for by name, once each', async () => {
    const here = world();
    await decide(kind, from('a', 'b', 'a'), {}, here);
    expect(
      here.authorize.asked.map(({ verb, group, resource, namespace, name }) => [
        verb,
        group,
        resource,
        namespace,
        name,
      ]),
    ).toEqual([
      ['get', '', 'secrets', 'shop', 'a'],
      ['get', '', 'secrets', 'shop', 'b'],
    ]);
  });

  it('are not asked for again, and not for the controller', async () => {
    expect(
      await decide(kind, from('a'), { operation: 'UPDATE', oldObject: from('a') }, blind()),
    ).toMatchObject({ allowed: true });
    expect(await decide(kind, from('a'), byController, blind())).toMatchObject({ allowed: true });
  });
});

describe('Secrets that a ServiceBinding copies keys of', () => {
  const copies = (annotations: JsonObject = {}): JsonObject => ({
    metadata: { name: 'x', annotations },
    spec: { secretTransforms: [{ addKeysFrom: { secretRef: { namespace: 'shop', name: 'extra' } } }] },
  });
  const markOf = (object: JsonObject): unknown =>
    (object['metadata'] as { readonly annotations?: JsonObject }).annotations?.[secretsReadByAnnotation];

  it('can only be those that its author may read', async () => {
    const decision = await decide('ServiceBinding', copies(), {}, world({}, ['get secrets']));
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toBe(
      'user "alice" may not get Secret "extra" in namespace "shop", to which spec.secretTransforms refers',
    );
  });

  it('are marked with who may read them, whatever the manifest says', async () => {
    expect(markOf(await stored('ServiceBinding', copies()))).toBe('alice');
    expect(markOf(await stored('ServiceBinding', copies({ [secretsReadByAnnotation]: 'root' })))).toBe(
      'alice',
    );
  });

  it('are not marked for the controller, which nobody has asked, nor where none are copied', async () => {
    const forged = { [secretsReadByAnnotation]: 'root' };
    expect(markOf(await stored('ServiceBinding', copies(forged), byController))).toBeUndefined();
    const plain = { metadata: { name: 'x', annotations: forged }, spec: {} };
    expect(markOf(await stored('ServiceBinding', plain))).toBeUndefined();
  });
});

describe.each([
  ['ClusterServiceClass', { clusterServiceBrokerName: 'b' }],
  ['ServiceClass', { serviceBrokerName: 'b' }],
  ['ClusterServicePlan', { clusterServiceBrokerName: 'b', clusterServiceClassRef: { name: 'c' } }],
  ['ServicePlan', { serviceBrokerName: 'b', serviceClassRef: { name: 'c' } }],
])('a %s that somebody writes by hand', (kind, refs) => {
  const spec = { externalName: 'copy', externalID: 'id', ...refs };
  const labels = queryLabels(kind, spec);

  it('can be found by what its spec says', async () => {
    expect(await stored(kind, { metadata: { name: 'x' }, spec })).toEqual({
      metadata: { name: 'x', labels },
      spec,
    });
  });

  it('loses the labels of its original and of what it said before', async () => {
    const old = { ...spec, externalName: 'original' };
    const copied = { ...queryLabels(kind, old), mine: '1' };
    const copy = await stored(kind, { metadata: { name: 'x', labels: copied }, spec });
    expect(copy['metadata']).toMatchObject({ labels: { ...labels, mine: '1' } });
    const changed = { metadata: { name: 'x', labels: copied }, spec };
    expect(await update(kind, { ...changed, spec: old }, changed)).toEqual(copy);
  });
});

describe('not asked', () => {
  it.each([
    ['another kind', 'PodPreset', instance({}), {}],
    ['DELETE', 'ServiceInstance', instance({}), { operation: 'DELETE' }],
    ['status', 'ServiceInstance', instance({}), { subResource: 'status', operation: 'UPDATE' }],
    ['no spec: the schema refuses it', 'ServiceInstance', { metadata: {} }, {}],
  ])('%s', async (_title, kind, object, fields) => {
    expect(await decide(kind, object, fields)).toEqual({ allowed: true, outcome: 'ignored' });
  });

  it('(3) no object', async () => {
    expect(await decide('ServiceInstance', undefined)).toMatchObject({ allowed: false, code: 400 });
  });
});

it('a patch makes the objects on its way, once', () => {
  const patch = new ObjectPatch({ a: null });
  patch.set(['a', 'b', 'c'], 1);
  patch.set(['a', 'b', 'd~/'], 2);
  expect(applyIndependently({ a: null }, patch.operations)).toEqual({ a: { b: { c: 1, 'd~/': 2 } } });
  expect(patch.operations).toHaveLength(4);
});
