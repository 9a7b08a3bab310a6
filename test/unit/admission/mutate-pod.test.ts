import type { JsonObject } from '../../../src/base/json.ts';
import { waitFor } from '../../support/wait-for.ts';
import { applyIndependently, inject, key } from '../injection/pods.ts';
import { ask, decide, podObject, world } from './pod-world.ts';

describe('a Pod that asks', () => {
  it('gets its bindings, from the Secret that the binding’s spec names', async () => {
    const here = world();
    const decision = await decide(podObject(ask), here);
    expect(decision).toMatchObject({
      allowed: true,
      outcome: 'patched',
      auditAnnotations: { outcome: 'injected', bindings: 'db' },
    });
    const patched = applyIndependently(podObject(ask), decision.patch ?? []);
    expect(JSON.stringify(patched)).toContain('"secretKeyRef":{"name":"orders-creds","key":"uri"}');
    expect(here.observed).toEqual([{ injected: ['binding'], conflicts: [] }]);
  });

  it('is told of in one line and one event on its owner', async () => {
    const here = world();
    await decide(podObject(ask), here);
    expect(here.lines).toHaveLength(1);
    expect(JSON.parse(here.lines[0]!)).toMatchObject({
      level: 'info',
      namespace: 'shop',
      pod: 'web-1-',
      owner: 'ReplicaSet/web-1',
      reason: 'BindingInjected',
      message: 'bindings injected: db',
    });
    expect(here.notes).toEqual([
      {
        target: {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: { name: 'web-1', namespace: 'shop', uid: 'rs' },
        },
        type: 'Normal',
        reason: 'BindingInjected',
        message: 'bindings injected: db',
      },
    ]);
  });

  it('is not told of again for each of many alike, but with their number', async () => {
    const here = world();
    for (let count = 0; count < 50; count++) await decide(podObject(ask), here);
    await decide(podObject({ [key('bind', 'cache')]: 'secret/s' }), here);
    expect(here.lines).toHaveLength(2);
    await waitFor(() => here.lines.length === 3);
    expect(JSON.parse(here.lines[2]!)).toMatchObject({ pods: 49, message: 'bindings injected: db' });
    expect(here.notes).toHaveLength(3);
    expect(here.observed).toHaveLength(51);
  });

  it('(65) in a second round changes nothing, tells nothing, and is audited alike', async () => {
    const first = await decide(podObject(ask), world());
    const injected = applyIndependently(podObject(ask), first.patch ?? []);
    const again = world();
    const second = await decide(injected, again);
    expect(second).toMatchObject({
      allowed: true,
      outcome: 'unchanged',
      auditAnnotations: first.auditAnnotations,
    });
    expect(second.patch).toBeUndefined();
    expect(again.notes).toEqual([]);
    expect(again.lines).toEqual([]);
  });

  it('(8) in a dry run gets the same patch and no event', async () => {
    const wet = await decide(podObject(ask), world());
    const here = world();
    expect(await decide(podObject(ask), here, { dryRun: true })).toEqual(wet);
    expect(here.notes).toEqual([]);
  });

  it('(16) takes the namespace from the request', async () => {
    const decision = await decide(podObject({ [key('bind', 'db')]: 'binding/orders' }), world(), {
      namespace: 'other',
    });
    expect(JSON.stringify(decision.patch)).toContain('"name":"orders"');
  });

  it('a bare Pod is told of itself; one without a name yet, nobody', async () => {
    const bare = { ...podObject(ask), metadata: { name: 'solo', annotations: ask } };
    const here = world();
    await decide(bare, here, { name: 'solo' });
    await decide(bare, here, { name: '' });
    expect(here.notes.map(({ target }) => target?.kind)).toEqual(['Pod', undefined]);
  });
});

describe('a Pod that does not ask', () => {
  it.each([
    ['(10) no annotation', podObject({})],
    ['(17) null', podObject(null)],
    ['others', podObject({ 'example.com/x': '1' })],
    ['no metadata', { spec: {} }],
  ])('%s: allowed as it is, without a word', async (_title, object) => {
    const here = world();
    expect(await decide(object, here)).toEqual({ allowed: true, outcome: 'unchanged' });
    expect([...here.lines, ...here.notes, ...here.observed]).toEqual([]);
  });

  it('(19) settings without a source: a warning', async () => {
    const decision = await decide(podObject({ [key('env.bind', 'db')]: 'A=b' }), world());
    expect(decision).toMatchObject({ allowed: true, warnings: [expect.stringContaining('has no effect')] });
    expect(decision.patch).toBeUndefined();
  });
});

describe('a Pod that is left alone', () => {
  it.each([
    ['(14) a mirror Pod', { ...ask, 'kubernetes.io/config.mirror': 'x' }, {}],
    ['(15) in kube-system', ask, { namespace: 'kube-system' }],
    ['(15) in kube-node-lease', ask, { namespace: 'kube-node-lease' }],
    ['(15) in our own namespace', ask, { namespace: 'bindery-system' }],
  ])('%s', async (_title, annotations, fields) => {
    const here = world();
    expect(await decide(podObject(annotations), here, fields)).toEqual({
      allowed: true,
      outcome: 'unchanged',
    });
    expect(here.lines).toEqual([]);
  });

  it.each([
    ['DELETE', { operation: 'DELETE' }],
    ['UPDATE', { operation: 'UPDATE' }],
    ['a subresource', { operation: 'UPDATE', subResource: 'status' }],
    ['pods/resize', { operation: 'UPDATE', subResource: 'resize' }],
    ['pods/binding', { operation: 'CREATE', subResource: 'binding' }],
    ['another kind', { resource: 'services' }],
  ])('(18) %s, sent by mistake', async (_title, fields) => {
    expect(await decide(podObject(ask), world(), fields)).toEqual({ allowed: true, outcome: 'ignored' });
  });

  it('(3) without an object: refused, with a code', async () => {
    expect(await decide(undefined, world())).toMatchObject({ allowed: false, code: 400 });
  });
});

describe('(13) opted out and asking', () => {
  it.each([
    ['annotation', podObject({ ...ask, 'inject.servicecatalog.k8s.io': 'disabled' }), {}],
    ['PodPreset’s exclude', podObject({ ...ask, 'podpreset.admission.kubernetes.io/exclude': 'true' }), {}],
    ['namespace', podObject(ask), { 'inject.servicecatalog.k8s.io': 'disabled' }],
  ])('by %s: nothing is injected, and this is said', async (_title, object, labels) => {
    const here = world({ namespaceLabels: () => labels });
    const decision = await decide(object, here);
    expect(decision).toMatchObject({
      allowed: true,
      outcome: 'skipped',
      warnings: [expect.stringContaining('opted out')],
    });
    expect(decision.patch).toBeUndefined();
    expect(here.notes).toMatchObject([{ reason: 'BindingSkipped', type: 'Warning' }]);
  });

  it('without asking: not a word', async () => {
    const here = world({ namespaceLabels: () => ({ 'inject.servicecatalog.k8s.io': 'disabled' }) });
    expect(await decide(podObject({}), here)).toEqual({ allowed: true, outcome: 'unchanged' });
    expect(here.lines).toEqual([]);
  });
});

describe('a refusal', () => {
  it('(20) of an annotation that can not be understood names what is wrong', async () => {
    const here = world();
    const decision = await decide(
      podObject({ [key('bind', 'Foo')]: '', [key('bind', 'db')]: 'nonsense' }),
      here,
    );
    expect(decision).toMatchObject({ allowed: false, code: 422, auditAnnotations: { outcome: 'denied' } });
    expect(decision.message).toContain('"Foo" can not name a binding');
    expect(decision.message).toContain('"nonsense" is not binding/');
    expect(here.notes).toMatchObject([{ reason: 'BindingConflict', type: 'Warning' }]);
  });

  it('(39) of a conflict names it, and is counted', async () => {
    const spec = { containers: [{ name: 'app', env: [{ name: 'URL', value: 's3cret' }] }] };
    const here = world();
    const decision = await decide(podObject(ask, { spec }), here);
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toContain('container "app", env URL');
    expect(here.observed).toEqual([{ injected: [], conflicts: ['env'] }]);
    expect(JSON.stringify([decision, here.notes, here.lines])).not.toContain('s3cret');
  });

  it('(39) is not one with the policy skip', async () => {
    const spec = { containers: [{ name: 'app', env: [{ name: 'URL', value: 'x' }] }] };
    const here = world();
    const annotations = { ...ask, 'conflict.servicecatalog.k8s.io/policy': 'skip' };
    const decision = await decide(podObject(annotations, { spec }), here);
    expect(decision).toMatchObject({
      allowed: true,
      outcome: 'skipped',
      warnings: [expect.stringContaining('env URL')],
      auditAnnotations: { outcome: 'skipped' },
    });
    expect(decision.patch).toHaveLength(1);
    expect(here.notes).toMatchObject([{ reason: 'BindingSkipped' }]);
  });
});

describe('(58) who may ask for a service to be made', () => {
  const asking = podObject({ [key('bind', 'db')]: 'request/pg/small' });
  const alice = { user: { username: 'alice', groups: ['dev'] } };

  it('a person who may make instances and bindings', async () => {
    const here = world();
    expect(await decide(asking, here, alice)).toMatchObject({ allowed: true, outcome: 'patched' });
    expect(
      here.authorize.asked.map(({ verb, group, resource, namespace, user }) => [
        verb,
        group,
        resource,
        namespace,
        user.username,
      ]),
    ).toEqual([
      ['create', 'servicecatalog.k8s.io', 'serviceinstances', 'shop', 'alice'],
      ['create', 'servicecatalog.k8s.io', 'servicebindings', 'shop', 'alice'],
    ]);
  });

  it('nobody else', async () => {
    const here = world({}, ['create serviceinstances']);
    const decision = await decide(asking, here, alice);
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toBe(
      'user "alice" may not create serviceinstances.servicecatalog.k8s.io in namespace "shop", which the annotation bind.servicecatalog.k8s.io/db asks for',
    );
  });

  it('for an existing instance, bindings are enough', async () => {
    const here = world({}, ['create serviceinstances']);
    expect(await decide(podObject({ [key('bind', 'db')]: 'instance/pg' }), here, alice)).toMatchObject({
      allowed: true,
    });
  });

  it('the controllers of Kubernetes, whose workloads were checked', async () => {
    const here = world({}, ['create serviceinstances', 'create servicebindings']);
    expect(await decide(asking, here)).toMatchObject({ allowed: true });
    expect(here.authorize.asked).toEqual([]);
  });

  it('binding and secret need no right of their own', async () => {
    const here = world({}, ['create serviceinstances', 'create servicebindings']);
    const annotations = { [key('bind', 'a')]: 'secret/s', [key('bind', 'b')]: 'binding/b' };
    expect(await decide(podObject(annotations), here, alice)).toMatchObject({ allowed: true });
    expect(here.authorize.asked).toEqual([]);
  });
});

it('(30) new ephemeral containers get what the Pod has', async () => {
  const before = inject(
    { metadata: { annotations: ask }, spec: { containers: [{ name: 'app' }] } },
    {
      bindingSecretName: () => 'orders-creds',
    },
  ).pod as unknown as JsonObject;
  const spec = { ...(before['spec'] as JsonObject), ephemeralContainers: [{ name: 'dbg' }] };
  const decision = await decide({ ...before, spec }, world(), {
    operation: 'UPDATE',
    subResource: 'ephemeralcontainers',
    oldObject: before,
  });
  expect(decision.outcome).toBe('patched');
  expect(decision.patch!.every(({ path }) => path.startsWith('/spec/ephemeralContainers/0/'))).toBe(true);
});

it('(51) a scheduling gate is added where a controller lifts it, and never twice', async () => {
  const annotations = { ...ask, [key('wait.bind', 'db')]: 'gate' };
  const gated = await decide(podObject(annotations), world({ schedulingGates: true }));
  const result = applyIndependently(podObject(annotations), gated.patch ?? []);
  expect((result['spec'] as JsonObject)['schedulingGates']).toEqual([
    { name: 'servicecatalog.k8s.io/binding' },
  ]);
  expect(await decide(result, world({ schedulingGates: true }))).toMatchObject({ outcome: 'unchanged' });

  const others = { containers: [{ name: 'app' }], schedulingGates: [{ name: 'example.com/x' }] };
  const both = await decide(podObject(annotations, { spec: others }), world({ schedulingGates: true }));
  expect(both.patch!.at(-1)).toEqual({
    op: 'add',
    path: '/spec/schedulingGates/-',
    value: { name: 'servicecatalog.k8s.io/binding' },
  });

  const onNode = await decide(
    podObject(annotations, { spec: { containers: [{ name: 'app' }], nodeName: 'n1' } }),
    world({ schedulingGates: true }),
  );
  expect(onNode.warnings).toEqual([expect.stringContaining('can not be gated')]);
  expect(JSON.stringify(onNode.patch)).not.toContain('schedulingGates');
  expect((await decide(podObject(annotations), world())).warnings).toEqual([
    'binding "db": wait=gate is not available here; the kubelet waits',
  ]);
});
