import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, bindingIdAnnotation, bindingSecretLabel } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { OwnerReference } from '../../../src/base/object-meta.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets, type Resource } from '../../../src/kube/resources.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { waitFor } from '../../support/wait-for.ts';

const resourceQuotas: Resource = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world.stop());
afterEach(async () => {
  if ((await world.find(resourceQuotas, 'no-secrets')) !== undefined) {
    await world.remove(resourceQuotas, 'no-secrets');
  }
  for (const [resource, name] of [
    [serviceBindings, 'orders'],
    [serviceInstances, 'orders'],
  ] as const) {
    if ((await world.find(resource, name)) !== undefined) await world.remove(resource, name);
    await world.gone(resource, name);
  }
  if ((await world.find(secrets, 'orders')) !== undefined) await world.remove(secrets, 'orders');
  expect(world.broker.violations).toEqual([]);
  expect(world.broker.liveBindings()).toEqual([]);
  expect(world.broker.liveInstances()).toEqual([]);
  world.broker.forget();
});

/** What a backup has of the three: specs, ids and names; no status, and of the Secret whatever the test says. */
interface Backup {
  readonly instance: ServiceInstance;
  readonly binding: ServiceBinding;
  readonly secret: SecretObject;
}

/** A bound instance whose objects are lost, while the broker knows it as before. No controller runs after that. */
async function lost(): Promise<Backup> {
  await world.createInstance('orders');
  await world.createBinding('orders', 'orders');
  const binding = await world.binding('orders', isReady, 'is ready');
  const instance = await world.instance('orders', isReady, 'is ready');
  const secret = await world.client.get<SecretObject>(secrets, {
    namespace: world.namespace,
    name: 'orders',
  });
  await world.stopControllers();
  await lose();
  return { instance, binding, secret };
}

async function lose(): Promise<void> {
  for (const resource of [serviceBindings, serviceInstances]) {
    const finalizers = { metadata: { finalizers: null } };
    const ref = { namespace: world.namespace, name: 'orders' };
    await world.client.patch(resource, ref, finalizers, { type: 'merge' });
    await world.client.delete(resource, ref).catch(() => undefined);
    await world.gone(resource, 'orders');
  }
  if ((await world.find(secrets, 'orders')) !== undefined) await world.remove(secrets, 'orders');
  await world.gone(secrets, 'orders');
  world.broker.forget();
}

const restoreInstance = (backup: Backup) => restore(serviceInstances, backup.instance);
const restoreBinding = (backup: Backup) => restore(serviceBindings, backup.binding);

async function restoreSecret(
  { secret }: Backup,
  changes: Partial<KubeObject['metadata']> = {},
): Promise<void> {
  const { labels, annotations } = secret.metadata;
  const metadata = { name: 'orders', namespace: world.namespace, labels, annotations, ...changes };
  const data = { ...secret.data, password: base64('what the backup says') };
  await world.client.create(secrets, { ...secret, metadata, data } as KubeObject);
}

async function restore(resource: Resource, { metadata, spec }: ServiceInstance | ServiceBinding) {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const kept = { name, namespace, labels, annotations, finalizers };
  const object = { apiVersion, kind: resource.kind, metadata: kept, spec };
  return world.client.create(resource, object as KubeObject);
}

const countOf = (operation: 'bind' | 'unbind' | 'provision' | 'deprovision'): number =>
  world.broker.requestsOf(operation).length;

/** The login that applications use is the one it was, and nothing was deleted at the broker. */
async function expectAlive({ binding, instance }: Backup): Promise<ServiceBinding> {
  const ready = await world.binding('orders', isReady, 'is ready');
  const restored = await world.instance('orders', isReady, 'is ready');
  const [live, ...others] = world.broker.liveBindings();
  expect(others).toEqual([]);
  expect(live?.id).toBe(binding.spec.externalID);
  expect(ready.status?.bindingID).toBe(binding.spec.externalID);
  expect(restored.status?.instanceID).toBe(instance.spec.externalID);
  expect((await world.secret('orders'))['password']).toBe(live?.credentials['password']);
  const secret = await world.client.get<SecretObject>(secrets, {
    namespace: world.namespace,
    name: 'orders',
  });
  expect(secret.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([ready.metadata.uid]);
  expect([countOf('unbind'), countOf('deprovision')]).toEqual([0, 0]);
  return ready;
}

const message = (object: ServiceBinding | undefined): string =>
  findCondition(object?.status?.conditions, 'Ready')?.message ?? '';

describe('an instance and a binding that come back from a backup without a status', () => {
  const restorers = { instance: restoreInstance, binding: restoreBinding, secret: restoreSecret };
  type What = keyof typeof restorers;
  const orders: readonly (readonly What[])[] = [
    ['secret', 'instance', 'binding'],
    ['binding', 'secret', 'instance'],
    ['secret', 'binding', 'instance'],
  ];

  it.each(orders)('%s, %s, %s while no controller runs: the login stays', async (...order) => {
    const backup = await lost();
    for (const what of order) await restorers[what](backup);
    world.startControllers();
    await expectAlive(backup);
  });

  it.each(orders)('%s, %s, %s under a running controller: the login stays', async (...order) => {
    const backup = await lost();
    world.startControllers();
    for (const what of order) await restorers[what](backup);
    await expectAlive(backup);
  });

  it('twice in a row: the login stays', async () => {
    const backup = await lost();
    await restoreSecret(backup);
    await restoreInstance(backup);
    await restoreBinding(backup);
    world.startControllers();
    await expectAlive(backup);
    await world.stopControllers();
    await lose();
    world.startControllers();
    await restoreBinding(backup);
    await restoreInstance(backup);
    await expectAlive(backup);
  });

  it('and without the Secret: it is made again with what the broker answers', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    await restoreBinding(backup);
    world.startControllers();
    await expectAlive(backup);
  });

  it('and a Secret that is owned by the binding that was: it is taken back', async () => {
    const backup = await lost();
    // Restored after the binding, so that the garbage collector finds its owner's name, and another uid.
    await restoreInstance(backup);
    await restoreBinding(backup);
    await restoreSecret(backup, {
      ownerReferences: ownedBy(serviceBindings, backup.binding.metadata.uid),
    });
    world.startControllers();
    await expectAlive(backup);
  });
});

function ownedBy({ kind }: Resource, uid: string | undefined): readonly OwnerReference[] {
  return [{ apiVersion, kind, name: 'orders', uid: uid ?? '' }];
}

describe("a Secret that is somebody else's", () => {
  it.each([
    ['with the id of another binding', () => ({ annotations: { [bindingIdAnnotation]: 'another' } })],
    ['without our label', () => ({ labels: {} })],
    [
      'owned by something else',
      ({ metadata }: KubeObject) => ({ ownerReferences: ownedBy(serviceInstances, metadata.uid) }),
    ],
  ])('%s stops the bind before anything is sent, and says what to do', async (_case, changes) => {
    const backup = await lost();
    await restoreSecret(backup, changes(await restoreInstance(backup)));
    await restoreBinding(backup);
    world.startControllers();
    const blocked = await world.binding(
      'orders',
      (binding) => readyReason(binding) === 'ErrorInjectingBindResult',
      'is blocked',
    );
    expect(message(blocked)).toContain('delete it, or choose another secretName');
    expect([countOf('bind'), countOf('unbind')]).toEqual([0, 0]);
    expect((await world.secret('orders'))['password']).toBe('what the backup says');
    await world.remove(secrets, 'orders');
    await expectAlive(backup);
  });
});

describe('a binding that was at the broker before anything was sent for it', () => {
  it('and whose credentials no Secret can hold is left there; the condition says what to do', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    const body = { credentials: { 'a/b': 'x' } };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, body }, 'always');
    await restoreBinding(backup);
    world.startControllers();
    const failed = await world.binding('orders', isFailed, 'is failed');
    expect(message(failed)).toContain('"a/b"');
    expect(message(failed)).toContain('delete this ServiceBinding');
    expect(countOf('unbind')).toBe(0);
    expect(world.broker.liveBindings()).toHaveLength(1);
  });

  it('is left there while a quota refuses the Secret, and is usable after that', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    await refuseSecrets();
    await restoreBinding(backup);
    world.startControllers();
    const waiting = await world.binding(
      'orders',
      (binding) => readyReason(binding) === 'ErrorInjectingBindResult' && (binding.status?.attempts ?? 0) > 1,
      'waits for room',
    );
    expect(message(waiting)).toContain('exceeded quota: no-secrets');
    expect(countOf('unbind')).toBe(0);
    await world.remove(resourceQuotas, 'no-secrets');
    await expectAlive(backup);
  });

  it('and whose credentials are not handed out again: nothing is deleted, and the Secret stays as it is', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    await restoreSecret(backup);
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, body: {} }, 'always');
    await restoreBinding(backup);
    world.startControllers();
    const failed = await world.binding('orders', isFailed, 'is failed');
    expect(message(failed)).toContain('does not hand out');
    expect(message(failed)).toContain('is left as it is');
    expect(message(failed)).toContain('delete this ServiceBinding');
    expect((await world.secret('orders'))['password']).toBe('what the backup says');
    expect(countOf('unbind')).toBe(0);
    expect(world.broker.liveBindings()).toHaveLength(1);
    await world.remove(serviceBindings, 'orders');
    await world.gone(serviceBindings, 'orders');
    // Its credentials are worth nothing now.
    await world.gone(secrets, 'orders');
  });

  it.each([
    ['500', { kind: 'answer', status: 500, body: {} }],
    ['a connection that dies', { kind: 'reset' }],
    ['201 and half of a body', { kind: 'truncate', status: 201 }],
  ] as const)('is not deleted as an orphan after %s: it is asked for again', async (_case, behaviour) => {
    const backup = await lost();
    await restoreInstance(backup);
    await restoreSecret(backup);
    world.broker.script({ operation: 'bind' }, behaviour, 2);
    await restoreBinding(backup);
    world.startControllers();
    await expectAlive(backup);
  });

  it('is not deleted as an orphan when a 200 could not be read and the next answer is 500', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, rawBody: '<html>' });
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 500, body: {} });
    await restoreBinding(backup);
    world.startControllers();
    await expectAlive(backup);
  });

  it('says in its Secret that it is of this binding', async () => {
    const backup = await lost();
    await restoreInstance(backup);
    await restoreBinding(backup);
    world.startControllers();
    await expectAlive(backup);
    const { metadata } = await world.client.get(secrets, { namespace: world.namespace, name: 'orders' });
    expect(metadata.labels?.[bindingSecretLabel]).toBe('true');
    expect(metadata.annotations?.[bindingIdAnnotation]).toBe(backup.binding.spec.externalID);
  });
});

async function refuseSecrets(): Promise<void> {
  const metadata = { namespace: world.namespace, name: 'no-secrets' };
  const hard = { 'count/secrets': '0' };
  await world.client.create(resourceQuotas, { metadata, spec: { hard } } as KubeObject);
  // What the controller of quotas would write, if this control plane had it.
  const status = { hard, used: hard };
  await world.client.patch(resourceQuotas, metadata, { status }, { type: 'merge', subresource: 'status' });
  const probe = { metadata: { namespace: world.namespace, name: 'probe' } } as SecretObject;
  await waitFor(
    () =>
      world.client.create(secrets, probe, { dryRun: true }).then(
        () => false,
        (error: unknown) => String(error).includes('exceeded quota'),
      ),
    { describe: 'the quota is in force' },
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
