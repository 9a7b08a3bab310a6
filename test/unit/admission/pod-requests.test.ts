import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently, key } from '../injection/pods.ts';
import { decide, owner, podObject, world, type World } from './pod-world.ts';

const db = key('bind', 'db');
const source = { [db]: 'request/pg/small' };
const share = { [key('share.bind', 'db')]: 'team' };
const alice = { username: 'alice' };

function bare(annotations: Record<string, string>, metadata: JsonObject = { name: 'p' }): JsonObject {
  return { metadata: { annotations, ...metadata }, spec: { containers: [{ name: 'app' }] } };
}

async function askedBy(pod: JsonObject, here: World = world(), user?: object): Promise<unknown> {
  const { patch = [] } = await decide(pod, here, user === undefined ? {} : { user });
  const { metadata } = applyIndependently(pod, patch) as {
    metadata: { annotations: Record<string, string> };
  };
  return metadata.annotations[by];
}

describe('who asks', () => {
  it.each([
    ['a bare Pod', bare(source)],
    ['a bare Pod that says another', bare({ ...source, [by]: 'admin' })],
    ['a bare Pod that binds an instance', bare({ [db]: 'instance/pg' })],
    [
      'a Pod of a controller that nobody knows',
      bare(
        { ...source, ...share },
        { generateName: 'p-', ownerReferences: [{ ...owner, kind: 'Game', apiVersion: 'example.com/v1' }] },
      ),
    ],
  ])('stands on %s', async (_what, pod) => {
    expect(await askedBy(pod, world(), alice)).toBe('alice');
  });

  it.each([
    ['a Pod whose workload was checked', podObject({ ...source, [by]: 'admin' }), undefined],
    ['a Pod that asks for what is there', bare({ [db]: 'binding/orders', [by]: 'admin' }), alice],
  ])('does not stand on %s', async (_what, pod, user) => {
    expect(await askedBy(pod, world(), user)).toBeUndefined();
  });

  it('is written once, though the webhook is called twice', async () => {
    const first = await decide(bare(source), world(), { user: alice });
    const pod = applyIndependently(bare(source), first.patch ?? []);
    expect(await decide(pod, world(), { user: alice })).toMatchObject({ outcome: 'unchanged' });
  });
});

describe('a Pod whose name does not last', () => {
  const rc = { ...owner, kind: 'ReplicationController', apiVersion: 'v1' };
  it.each([
    ['generated', bare(source, { generateName: 'p-' }), 'its name is generated'],
    [
      'of a ReplicationController',
      bare(source, { generateName: 'p-', ownerReferences: [rc] }),
      'it is made by ReplicationController',
    ],
  ])('needs a share for a service of its own: %s', async (_what, pod, reason) => {
    const decision = await decide(pod, world(), { user: alice });
    expect(decision).toMatchObject({ allowed: false, code: 422 });
    expect(decision.message).toContain(reason);
    expect(decision.message).toContain('add share.bind.servicecatalog.k8s.io/db: <id>');
  });

  it.each([
    ['with a share', bare({ ...source, ...share }, { generateName: 'p-' }), alice],
    ['of a checked workload', podObject(source), undefined],
  ])('gets one %s', async (_what, pod, user) => {
    expect(await decide(pod, world(), user === undefined ? {} : { user })).toMatchObject({
      outcome: 'patched',
    });
  });
});

it('a Pod that has its service deleted soon needs the right to delete it', async () => {
  const pod = bare({ ...source, [key('reclaim.bind', 'db')]: 'delete' });
  const here = world({}, ['delete serviceinstances']);
  expect(await decide(pod, here, { user: alice })).toMatchObject({ code: 403 });
});

it('a time to keep it that nobody understands stops no Pod that is made of a template', async () => {
  const decision = await decide(podObject({ ...source, [key('reclaim.bind', 'db')]: 'soon' }), world());
  expect(decision).toMatchObject({
    outcome: 'patched',
    warnings: [expect.stringContaining('reclaim "soon"')],
  });
});

it('(54) a binding of another namespace is not used: the Secret of a Pod has the name that one here would give', async () => {
  const { patch } = await decide(bare({ [db]: 'binding/orders' }), world(), { namespace: 'other' });
  expect(JSON.stringify(patch)).toContain('{"secret":{"name":"orders"}}');
  expect(JSON.stringify(patch)).not.toContain('orders-creds');
});

describe('(53) wait: deny', () => {
  const waits = { [key('wait.bind', 'db')]: 'deny' };

  it.each([
    ['binding/orders', 'ServiceBinding "orders" has no credentials yet'],
    ['request/pg/small', 'ServiceBinding "web-1-db-'],
  ])('refuses the Pod of %s until the binding is bound', async (from, text) => {
    const bound = new Set<string>();
    const asked: string[] = [];
    const here = world({ isBound: (_namespace, name) => (asked.push(name), bound.has(name)) });
    const pod = podObject({ [db]: from, ...waits });
    const decision = await decide(pod, here);
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toContain(`binding "db": ${text}`);
    expect(decision.message).toContain('whoever makes the Pod tries again');
    expect(here.notes).toMatchObject([{ reason: 'BindingAwaited', type: 'Warning' }]);
    expect(here.observed).toEqual([]);

    for (const name of asked) bound.add(name);
    expect(await decide(pod, here)).toMatchObject({ allowed: true, outcome: 'patched' });
  });

  it('a conflict is told first: waiting does not end it', async () => {
    const spec = { containers: [{ name: 'app', env: [{ name: 'URL', value: 'x' }] }] };
    const annotations = { [db]: 'binding/orders', [key('env.bind', 'db')]: 'URL=uri', ...waits };
    const decision = await decide(podObject(annotations, { spec }), world({ isBound: () => false }));
    expect(decision.message).toContain('env URL');
  });

  it('with a Secret the kubelet waits, and that is said', async () => {
    const decision = await decide(podObject({ [db]: 'secret/s', ...waits }), world({ isBound: () => false }));
    expect(decision).toMatchObject({
      allowed: true,
      warnings: ['binding "db": wait=deny can not be had with secret/…; the kubelet waits'],
    });
  });

  it.each(['request/pg/small', 'instance/orders'])(
    'of a Pod that nothing stands behind the kubelet waits for %s: refused, it would never ask',
    async (from) => {
      const here = world({ isBound: () => false });
      const decision = await decide(bare({ [db]: from, ...waits }), here, { user: alice });
      expect(decision).toMatchObject({ allowed: true, outcome: 'patched' });
      expect(decision.warnings).toContain(
        `binding "db": wait=deny can not be had with ${from.split('/')[0]}/… of a Pod that asks itself; the kubelet waits`,
      );
    },
  );

  it('is told of as not available where nobody knows the bindings', async () => {
    const decision = await decide(podObject({ [db]: 'binding/orders', ...waits }), world());
    expect(decision.warnings).toEqual(['binding "db": wait=deny is not available here; the kubelet waits']);
  });
});
