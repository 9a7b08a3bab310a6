import type { ResolvedInstance, ResolveInstance } from '../../../src/model/admission-resolution.ts';
import { finalizer, idMadeAnnotation } from '../../../src/api/group.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently } from '../injection/pods.ts';
import {
  alice,
  bob,
  byController,
  controller,
  decide,
  instance,
  large,
  madeAt,
  selectors,
  small,
  stored,
  update,
  uuid,
  world,
} from './catalog-world.ts';

describe('ServiceInstance at creation', () => {
  it('is complete at once', async () => {
    const result = await stored('ServiceInstance', instance(selectors));
    expect(result).toEqual({
      metadata: {
        name: 'x',
        namespace: 'shop',
        finalizers: [finalizer],
        labels: small.labels,
        annotations: { [idMadeAnnotation]: madeAt },
      },
      spec: { ...selectors, ...small.refs, externalID: uuid, userInfo: alice },
    });
  });

  describe('that came back with the bare name of what is built in', () => {
    const named = {
      clusterServiceClassExternalName: 'user-provided',
      clusterServicePlanExternalName: 'default',
      externalID: 'of-before',
    };
    const builtIn = { clusterServiceClassRef: { name: 'bindery-user-provided' } };
    const ofBroker = { clusterServiceClassRef: { name: 'of-a-broker' } };
    const marked = { annotations: { [idMadeAnnotation]: 'before' } };
    const resolve: ResolveInstance = ({ clusterServiceClassRef }) => ({
      refs: clusterServiceClassRef === undefined ? builtIn : { clusterServiceClassRef },
    });
    const refOf = (object: JsonObject) => (object['spec'] as JsonObject)['clusterServiceClassRef'];

    it.each([
      ['is not taken for it', named, marked, undefined],
      ['is not where it was of a broker', { ...named, ...ofBroker }, marked, undefined],
      ['is where it says so', { ...named, ...builtIn }, marked, builtIn.clusterServiceClassRef],
      ['is where it is a new one', named, {}, builtIn.clusterServiceClassRef],
    ])('%s', async (_what, spec, metadata, expected) => {
      const result = await stored('ServiceInstance', instance(spec, metadata), {}, world({ resolve }));
      expect(refOf(result)).toEqual(expected);
    });

    it('stays what is built in when a broker has a class of that name, too', async () => {
      const here = world({
        resolve: ({ clusterServiceClassRef = ofBroker.clusterServiceClassRef }) => ({
          refs: { clusterServiceClassRef },
        }),
      });
      const result = await stored('ServiceInstance', instance({ ...named, ...builtIn }, marked), {}, here);
      expect(refOf(result)).toEqual(builtIn.clusterServiceClassRef);
    });

    it('may be said to be of it later, and of nothing else', async () => {
      const before = instance(named, marked);
      const said = async (ref: object) =>
        refOf(
          await update(
            'ServiceInstance',
            before,
            instance({ ...named, ...ref }, marked),
            {},
            world({ resolve }),
          ),
        );
      expect(await said(builtIn)).toEqual(builtIn.clusterServiceClassRef);
      expect(await said(ofBroker)).toBeUndefined();
    });
  });

  it('keeps what the user wrote: id, labels, finalizers', async () => {
    const metadata = { labels: { mine: '1' }, finalizers: ['a/b'] };
    const result = await stored('ServiceInstance', instance({ ...selectors, externalID: 'my-id' }, metadata));
    expect(result).toMatchObject({
      metadata: { labels: { mine: '1', ...small.labels }, finalizers: ['a/b', finalizer] },
      spec: { externalID: 'my-id' },
    });
  });

  it('without a class in the catalog yet: no refs, everything else', async () => {
    const result = await stored(
      'ServiceInstance',
      instance({ ...selectors, clusterServicePlanExternalName: 'new' }),
    );
    expect(Object.keys(result['spec'] as JsonObject)).not.toContain('clusterServiceClassRef');
    expect(result).toMatchObject({ spec: { externalID: uuid } });
    expect((result['metadata'] as JsonObject)['labels']).toBeUndefined();
  });

  it('gets the only plan of its class, in the style of the class selector', async () => {
    const planSelector = { clusterServicePlanExternalName: 'small' };
    const here = world({ resolve: () => ({ ...small, planSelector }) });
    const result = await stored(
      'ServiceInstance',
      instance({ clusterServiceClassExternalName: 'pg' }),
      {},
      here,
    );
    expect(result).toMatchObject({ spec: { ...planSelector, ...small.refs } });
  });

  it('who asked can not be forged', async () => {
    const spec = { ...selectors, userInfo: { username: 'system:admin', groups: ['system:masters'] } };
    expect(await stored('ServiceInstance', instance(spec))).toMatchObject({ spec: { userInfo: alice } });
  });

  it.each([
    ['known', 'small', small.refs],
    ['not known', 'new', {}],
  ])('refs that the user wrote do not win over selectors (%s)', async (_title, plan, refs) => {
    const spec = {
      ...selectors,
      clusterServicePlanExternalName: plan,
      clusterServiceClassRef: { name: 'forbidden' },
      servicePlanRef: { name: 'forbidden' },
    };
    const seen: unknown[] = [];
    const here = world({
      resolve: (asked, namespace) => {
        seen.push(asked);
        return world().deps.resolve(asked, namespace);
      },
    });
    const result = await stored('ServiceInstance', instance(spec), {}, here);
    expect(result['spec']).toEqual({
      ...selectors,
      clusterServicePlanExternalName: plan,
      ...refs,
      externalID: uuid,
      userInfo: alice,
    });
    expect(JSON.stringify(seen)).not.toContain('forbidden');
  });

  it('the patch touches nothing else', async () => {
    const { patch } = await decide(
      'ServiceInstance',
      instance({ ...selectors, parameters: { n: 1, x: null } }),
    );
    expect(
      patch!.map(({ path }) => path).filter((path) => path.includes('parameters') || path === '/spec'),
    ).toEqual([]);
  });
});

describe('ServiceInstance afterwards', () => {
  const metadata = { finalizers: [finalizer], labels: { ...small.labels, mine: '1' } };
  const before = instance(
    { ...selectors, ...small.refs, externalID: 'id', userInfo: alice, updateRequests: 3 },
    metadata,
  );
  const spec = before['spec'] as JsonObject;
  const change = (fields: JsonObject): JsonObject => ({ ...before, spec: { ...spec, ...fields } });

  it('a change of the spec is the wish of whoever makes it', async () => {
    const after = change({ parameters: { size: 2 } });
    expect(await update('ServiceInstance', before, after, { user: bob })).toMatchObject({
      spec: { userInfo: { username: 'bob', uid: 'b-1' } },
    });
  });

  it('the user of nothing but bookkeeping stays who asked', async () => {
    const unresolved = instance({ ...selectors, externalID: 'id', userInfo: alice });
    const after = instance({ ...selectors, ...small.refs, externalID: 'id', userInfo: alice });
    expect(await update('ServiceInstance', unresolved, after, byController)).toEqual({
      ...after,
      metadata: { name: 'x', namespace: 'shop', labels: small.labels },
    });
  });

  it.each([
    ['somebody else', { username: 'system:admin' }],
    ['nobody', undefined],
  ])('who asked can not be changed to %s', async (_title, userInfo) => {
    const { userInfo: _old, ...rest } = spec;
    const after = { ...before, spec: userInfo === undefined ? rest : { ...rest, userInfo } };
    expect(await update('ServiceInstance', before, after, { user: bob })).toMatchObject({
      spec: { userInfo: alice },
    });
  });

  it('of an object from before Bindery, without a requester, none is made up', async () => {
    const { userInfo: _old, ...rest } = spec;
    const old = { ...before, spec: rest };
    const after = { ...before, spec: { ...rest, userInfo: bob } };
    expect(await update('ServiceInstance', old, after, { user: bob })).toEqual(old);
  });

  it('another plan brings its refs and labels', async () => {
    const result = await update(
      'ServiceInstance',
      before,
      change({ clusterServicePlanExternalName: 'large' }),
    );
    expect(result).toMatchObject({ metadata: { labels: { ...large.labels, mine: '1' } }, spec: large.refs });
  });

  it('another plan that is not known yet takes the old ref and its label away, and leaves the class', async () => {
    const result = await update('ServiceInstance', before, change({ clusterServicePlanExternalName: 'new' }));
    expect(result['spec']).toMatchObject({ clusterServiceClassRef: { name: 'pg-class' } });
    expect(Object.keys(result['spec'] as JsonObject)).not.toContain('clusterServicePlanRef');
    const labels = (result['metadata'] as JsonObject)['labels'] as JsonObject;
    expect(Object.keys(labels).toSorted()).toEqual([
      'mine',
      'servicecatalog.k8s.io/spec.clusterServiceClassRef.name',
    ]);
  });

  it('the plan of the namespace can be changed in the same way', async () => {
    const refs = (plan: string): ResolvedInstance['refs'] => ({
      serviceClassRef: { name: 'c' },
      servicePlanRef: { name: plan },
    });
    const here = world({ resolve: () => ({ refs: refs('p2') }) });
    const own = (plan: string, name: string): JsonObject =>
      instance({
        serviceClassExternalName: 'pg',
        servicePlanExternalName: plan,
        ...refs(name),
        externalID: 'id',
        userInfo: alice,
      });
    expect(await update('ServiceInstance', own('a', 'p1'), own('b', 'p1'), {}, here)).toMatchObject({
      spec: refs('p2'),
    });
  });

  it.each([
    ['changed', { clusterServicePlanRef: { name: 'other' } }],
    ['added', { servicePlanRef: { name: 'other' } }],
  ])('refs can not be %s by hand', async (_title, fields) => {
    const result = await update('ServiceInstance', before, change(fields));
    expect(result['spec']).toEqual(spec);
  });

  it('the controller may set them', async () => {
    const after = change({ clusterServicePlanRef: { name: 'other' } });
    const { spec: result } = await update('ServiceInstance', before, after, byController);
    expect(result).toEqual(after['spec']);
  });

  it('a client that replaces the object and knows only what it wrote changes nothing', async () => {
    const { patch } = await decide('ServiceInstance', instance(selectors, metadata), {
      operation: 'UPDATE',
      oldObject: before,
      user: alice,
    });
    expect(applyIndependently(instance(selectors, metadata), patch ?? [])).toEqual(before);
  });

  it('a plan that the webhook chose stays when it is not mentioned', async () => {
    const after = instance({ clusterServiceClassExternalName: 'pg', parameters: { a: 1 } }, metadata);
    expect(await update('ServiceInstance', before, after)).toMatchObject({
      spec: { ...selectors, ...small.refs },
    });
  });

  it.each([
    [0, 3],
    [undefined, 3],
    [4, 4],
  ])('updateRequests written as %j is %j', async (written, expected) => {
    const { updateRequests: _count, ...rest } = spec;
    const after = { ...before, spec: written === undefined ? rest : { ...rest, updateRequests: written } };
    expect(await update('ServiceInstance', before, after)).toMatchObject({
      spec: { updateRequests: expected },
    });
  });

  it('a person with the credentials of the controller is none: who asked is recorded, refs stay', async () => {
    const after = change({ parameters: { a: 1 }, clusterServicePlanRef: { name: 'other' } });
    const result = await update('ServiceInstance', before, after, {
      user: controller,
      fieldManager: 'kubectl',
    });
    expect(result['spec']).toMatchObject({ userInfo: { username: controller.username }, ...small.refs });
  });

  describe('replaced by a manifest with another plan', () => {
    const plain = (plan: string): JsonObject =>
      instance({ clusterServiceClassExternalName: 'pg', clusterServicePlanExternalName: plan });

    it('keeps its class, its id and who cleans up after it, and gets the plan’s ref', async () => {
      expect(await update('ServiceInstance', before, plain('large'))).toEqual({
        metadata: { name: 'x', namespace: 'shop', finalizers: [finalizer], labels: large.labels },
        spec: {
          clusterServiceClassExternalName: 'pg',
          clusterServicePlanExternalName: 'large',
          ...large.refs,
          externalID: 'id',
          userInfo: alice,
          updateRequests: 3,
        },
      });
    });

    it('looks for the plan in the class that it has', async () => {
      const seen: unknown[] = [];
      const resolve: ResolveInstance = (asked) => void seen.push(asked);
      await update('ServiceInstance', before, plain('large'), {}, world({ resolve }));
      expect(seen).toMatchObject([{ clusterServiceClassRef: { name: 'pg-class' } }]);
      expect(JSON.stringify(seen)).not.toContain('pg-small');
    });

    it('that is not known yet, has no plan’s ref until it is', async () => {
      const result = await update('ServiceInstance', before, plain('new'));
      expect(result['spec']).toMatchObject({ clusterServiceClassRef: { name: 'pg-class' } });
      expect(result['spec']).not.toHaveProperty('clusterServicePlanRef');
    });

    it('gets the class that the catalog has, not one written by hand, when it had none', async () => {
      const unresolved = instance({ ...selectors, externalID: 'id', userInfo: alice });
      const after = instance({
        ...(plain('large')['spec'] as JsonObject),
        clusterServiceClassRef: { name: 'forbidden' },
      });
      expect(await update('ServiceInstance', unresolved, after)).toMatchObject({ spec: large.refs });
    });
  });

  it('who asked stays the same when a manifest leaves out what it does not know', async () => {
    const after = instance(selectors, metadata);
    const result = await update('ServiceInstance', before, after, { user: bob });
    expect(result).toMatchObject({ spec: { userInfo: alice } });
  });
});
