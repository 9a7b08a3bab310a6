import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceBrokers, serviceClasses, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces, secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  world.startControllers();
}, 60_000);
afterAll(() => world.stop());

/** A broker of the namespace alone: its Secret lives there, and so do its classes and plans. */
beforeAll(async () => {
  const { auth, url } = world.broker;
  if (auth.kind !== 'basic') throw new Error('the broker is expected to ask for basic authentication');
  await world.client.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: world.namespace, name: 'own-broker' },
    data: {
      username: Buffer.from(auth.username).toString('base64'),
      password: Buffer.from(auth.password).toString('base64'),
    },
  });
  await world.client.create(serviceBrokers, {
    apiVersion,
    kind: serviceBrokers.kind,
    metadata: { namespace: world.namespace, name: 'own' },
    spec: { url, authInfo: { basic: { secretRef: { name: 'own-broker' } } } },
  } as KubeObject);
  await world.until(serviceBrokers, 'own', isReady, 'the broker is ready');
});

async function createInstance(namespace: string, name: string): Promise<void> {
  await world.client.create(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { namespace, name },
    spec: { serviceClassExternalName: 'postgresql', servicePlanExternalName: 'small' },
  } as KubeObject);
}

describe('a namespaced broker', () => {
  it('provisions, updates, binds into a Secret, unbinds and deprovisions like a cluster-wide one', async () => {
    await createInstance(world.namespace, 'db');
    await world.createBinding('db', 'db');
    const instance = await world.instance('db', isReady, 'is ready');
    const binding = await world.binding('db', isReady, 'is ready');

    expect(instance.status).toMatchObject({
      provisionStatus: 'Provisioned',
      userSpecifiedClassName: 'ServiceClass/postgresql',
      userSpecifiedPlanName: 'small',
      externalProperties: { broker: { kind: 'ServiceBroker', name: 'own' } },
    });
    expect(instance.spec.serviceClassRef?.name).toBeDefined();
    expect(instance.spec.servicePlanRef?.name).toBeDefined();
    expect(instance.spec.clusterServiceClassRef).toBeUndefined();
    expect(world.broker.liveBindings()).toMatchObject([{ id: binding.status?.bindingID }]);
    expect((await world.secret('db')).type).toBe('servicebinding.io/postgresql');

    await world.client.patch(
      serviceInstances,
      { namespace: world.namespace, name: 'db' },
      { spec: { parameters: { size: 2 } } },
      { type: 'merge' },
    );
    await world.instance(
      'db',
      (object) => object.status?.reconciledGeneration === object.metadata.generation && isReady(object),
      'has the new parameters',
    );
    expect(world.broker.liveInstances()).toMatchObject([{ parameters: { size: 2 } }]);

    await world.remove(serviceBindings, 'db');
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceBindings, 'db');
    await world.gone(serviceInstances, 'db');
    await world.gone(secrets, 'db');
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  });

  it('serves nobody outside of its namespace', async () => {
    const stranger = `${world.namespace}-stranger`;
    await world.client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: stranger },
    });
    const { items } = await world.client.list(serviceClasses, { namespace: stranger });
    expect(items).toEqual([]);
    await createInstance(stranger, 'db');
    const told = await waitFor(
      async () => {
        const ref = { namespace: stranger, name: 'db' };
        const { status } = await world.client.get<ServiceInstance>(serviceInstances, ref);
        return status?.conditions?.find(({ type }) => type === 'Ready');
      },
      { timeoutMs: 30_000, describe: 'the instance says what is missing' },
    );
    expect(told).toMatchObject({ status: 'False', reason: 'ReferencesNonexistentServiceClass' });
    expect(told.message).toContain('postgresql');
    expect(world.broker.liveInstances()).toEqual([]);
  });

  it('is told of every deletion when its whole namespace goes, and its own Secret with it', async () => {
    await createInstance(world.namespace, 'one');
    await createInstance(world.namespace, 'two');
    await world.createBinding('one', 'one');
    await world.instance('two', isReady, 'is ready');
    await world.binding('one', isReady, 'is ready');

    await world.client.delete(namespaces, { name: world.namespace });
    await waitFor(async () => (await world.find(namespaces, world.namespace)) === undefined, {
      timeoutMs: 50_000,
      describe: 'the namespace is gone',
    });
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  });
});
