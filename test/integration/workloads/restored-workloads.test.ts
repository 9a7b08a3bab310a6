import { randomUUID } from 'node:crypto';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, deletionPolicyAnnotation, idsAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { isAlreadyExists, isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, secrets, type Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, byAlice, deploy, requestedFor, type RequestedNames } from './requested-services.ts';
import { isToldOn } from './told.ts';

let world: ServiceWorld;
afterAll(() => world?.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** A workload, what was made for it, and how a backup has them. */
interface Backup {
  readonly app: string;
  readonly names: RequestedNames;
  readonly ids: string;
  readonly instance: ServiceInstance;
  readonly login: ServiceBinding;
  readonly secret: SecretObject;
}

const refOf = (name: string) => ({ namespace: world.namespace, name });

async function recorded(app: string): Promise<string> {
  const deployment = await world.until(
    deployments,
    app,
    ({ metadata }: KubeObject) => metadata.annotations?.[idsAnnotation] !== undefined,
    'has its ids on record',
  );
  return deployment.metadata.annotations?.[idsAnnotation] ?? '';
}

async function inUse(app: string): Promise<Backup> {
  await deploy(world, app, asking('db'));
  const names = requestedFor(world.namespace, app, 'db');
  const login = await world.binding(names.login, isReady, 'is ready');
  const instance = await world.instance(names.instance, isReady, 'is ready');
  const ids = await recorded(app);
  return { app, names, ids, instance, login, secret: await world.client.get(secrets, refOf(names.login)) };
}

/** All of it is lost, as with its cluster: the broker is told nothing. */
async function lose({ app, names }: Backup): Promise<void> {
  await world.client.delete(deployments, refOf(app), {});
  await world.gone(deployments, app);
  for (const [resource, name] of [
    [serviceBindings, names.login],
    [serviceInstances, names.instance],
  ] as const) {
    await world.client.patch(resource, refOf(name), { metadata: { finalizers: null } }, { type: 'merge' });
    await world.client.delete(resource, refOf(name));
    await world.gone(resource, name);
  }
  // The garbage collector may be faster.
  await world.client.delete(secrets, refOf(names.login)).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
  await world.gone(secrets, names.login);
  world.broker.forget();
}

const restoreWorkload = ({ app, ids }: Backup, name = app) =>
  deploy(world, name, asking('db'), deployments, { ...byAlice, [idsAnnotation]: ids });

async function restore(resource: Resource, { metadata, spec }: ServiceInstance | ServiceBinding) {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const kept = { name, namespace, labels, annotations, finalizers };
  return world.client.create(resource, {
    apiVersion,
    kind: resource.kind,
    metadata: kept,
    spec,
  } as KubeObject);
}

async function restoreSecret({ secret: { metadata, ...rest } }: Backup): Promise<void> {
  const { name, namespace, labels, annotations } = metadata;
  await world.client.create(secrets, {
    ...rest,
    metadata: { name, namespace, labels, annotations },
  } as KubeObject);
}

const idsOf = (instance: ServiceInstance, login: ServiceBinding) => [
  instance.status?.instanceID,
  login.status?.bindingID,
];

/** Service and login are those of before, and no others were made, changed or deleted. */
async function expectSame({ names, instance, login, secret, app }: Backup): Promise<void> {
  const loginNow = await world.binding(names.login, isReady, 'is ready');
  const instanceNow = await world.instance(names.instance, isReady, 'is ready');
  expect(idsOf(instanceNow, loginNow)).toEqual(idsOf(instance, login));
  const { data } = await world.client.get<SecretObject>(secrets, refOf(names.login));
  expect(data).toEqual(secret.data);
  const ofBefore = new Set(idsOf(instance, login));
  const own = [...world.broker.liveInstances(), ...world.broker.liveBindings()].filter(({ id }) =>
    ofBefore.has(id),
  );
  expect(own).toHaveLength(2);
  for (const operation of ['update', 'deprovision', 'unbind'] as const) {
    expect(world.broker.requestsOf(operation)).toEqual([]);
  }
  const asked = [...world.broker.requestsOf('provision'), ...world.broker.requestsOf('bind')];
  expect(asked.filter(({ instanceId }) => instanceId !== instance.status?.instanceID)).toEqual([]);
  expect(await recorded(app)).toContain(instance.status?.instanceID);
}

/** `<uid>/<mark of the cluster>/<id>` */
const withMark = (uid = '', id = ''): unknown =>
  expect.stringMatching(new RegExp(`^${uid}/[0-9a-f]{16}/${id}$`));

const newApp = () => `app-${randomUUID().slice(0, 8)}`;

describe('without the webhook', () => {
  beforeAll(async () => {
    world = await ServiceWorld.start();
  }, 60_000);

  it('a workload has the ids of its service and its login on record', async () => {
    const { ids, instance, login, names, app } = await inUse(newApp());
    const { uid } = (await world.client.get(deployments, refOf(app))).metadata;
    expect(JSON.parse(ids)).toEqual({
      [names.instance]: withMark(uid, instance.status?.instanceID),
      [names.login]: withMark(uid, login.status?.bindingID),
    });
  });

  it('a workload that comes back before everything else finds its service and its login', async () => {
    const backup = await inUse(newApp());
    await lose(backup);
    await restoreWorkload(backup);
    await expectSame(backup);
    // What the tool restores later is there already, and is the same.
    for (const late of [restore(serviceInstances, backup.instance), restore(serviceBindings, backup.login)]) {
      expect(isAlreadyExists(await late.catch((error: unknown) => error))).toBe(true);
    }
    await expectSame(backup);
  });

  it('a workload that comes back after its Secret and before the rest finds both', async () => {
    const backup = await inUse(newApp());
    await lose(backup);
    await restoreSecret(backup);
    await restoreWorkload(backup);
    await expectSame(backup);
  });

  it('a workload that comes back last finds both', async () => {
    const backup = await inUse(newApp());
    await lose(backup);
    await restore(serviceBindings, backup.login);
    await restore(serviceInstances, backup.instance);
    await restoreWorkload(backup);
    await expectSame(backup);
  });

  it('a copy under another name gets a service of its own', async () => {
    const backup = await inUse(newApp());
    const copy = newApp();
    await restoreWorkload(backup, copy);
    const names = requestedFor(world.namespace, copy, 'db');
    const login = await world.binding(names.login, isReady, 'is ready');
    const instance = await world.instance(names.instance, isReady, 'is ready');
    const [instanceId, loginId] = idsOf(backup.instance, backup.login);
    expect(instance.status?.instanceID).not.toBe(instanceId);
    expect(login.status?.bindingID).not.toBe(loginId);
  });

  it('a workload that is copied from another cluster gets a service of its own', async () => {
    const backup = await inUse(newApp());
    await lose(backup);
    await restoreWorkload({
      ...backup,
      ids: backup.ids.replaceAll(/\/[0-9a-f]{16}\//g, '/0123456789abcdef/'),
    });
    const login = await world.binding(backup.names.login, isReady, 'is ready');
    const instance = await world.instance(backup.names.instance, isReady, 'is ready');
    const [instanceId, loginId] = idsOf(backup.instance, backup.login);
    expect(instance.status?.instanceID).not.toBe(instanceId);
    expect(login.status?.bindingID).not.toBe(loginId);
    expect(world.broker.liveInstances().map(({ id }) => id)).toContain(instanceId);
    await isToldOn(world, backup.app, /one of another cluster/);
  });

  it('a service that was deleted on purpose is not looked for', async () => {
    const backup = await inUse(newApp());
    await world.remove(serviceBindings, backup.names.login);
    await world.remove(serviceInstances, backup.names.instance);
    const anew = await world.instance(
      backup.names.instance,
      (instance) => isReady(instance) && instance.metadata.uid !== backup.instance.metadata.uid,
      'is made anew',
    );
    expect(anew.spec.externalID).not.toBe(backup.instance.spec.externalID);
  });

  it('a service that was retained is named when the next one is asked for, and is not touched', async () => {
    const { app, names, instance } = await inUse(newApp());
    const annotations = { [deletionPolicyAnnotation]: 'retain' };
    await world.client.patch(
      serviceInstances,
      refOf(names.instance),
      { metadata: { annotations } },
      { type: 'merge' },
    );
    await world.remove(serviceBindings, names.login);
    await world.remove(serviceInstances, names.instance);
    const { externalID = '' } = instance.spec;
    await isToldOn(
      world,
      app,
      new RegExp(`Kept: .*is new and empty.*retained under the id "${externalID}"`, 'u'),
    );
    const anew = await world.instance(names.instance, isReady, 'is ready');
    expect(anew.spec.externalID).not.toBe(externalID);
    expect(world.broker.liveInstances().map(({ id }) => id)).toContain(externalID);
  });

  it('a record that can not be read says nothing', async () => {
    const app = newApp();
    const own = { ...byAlice, [idsAnnotation]: '{"a":1,"b":"c"' };
    await deploy(world, app, asking('db'), deployments, own);
    const { login } = requestedFor(world.namespace, app, 'db');
    await world.binding(login, isReady, 'is ready');
  });
});

describe('with the webhook', () => {
  beforeAll(async () => {
    await world?.stop();
    world = await ServiceWorld.start({ controllers: 'none' });
    await world.startBindery('--leader-elect=false');
    await world.register();
  }, 120_000);

  it('a workload that comes back before everything else finds its service and its login', async () => {
    const backup = await inUse(newApp());
    await lose(backup);
    await restoreWorkload(backup);
    await expectSame(backup);
    // With a process that ends and starts at each step this takes its time.
  }, 240_000);
});
