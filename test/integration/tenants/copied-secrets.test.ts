import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { secretsReadByAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
/** May make bindings, and read no Secret. */
let binder: KubeClient;
let developer: KubeClient;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  const { controlPlane, namespace } = world;
  const kinds = ['serviceinstances', 'servicebindings'];
  const resources = kinds.map((kind) => `--resource=${kind}.servicecatalog.k8s.io`);
  const verbs = '--verb=get,list,create,update,patch';
  const create = ['create', 'clusterrole', 'binder', verbs, ...resources];
  expect(await controlPlane.kubectl(create)).toMatchObject({ code: 0 });
  binder = await tenant(world, 'mallory', { [namespace]: 'binder' });
  developer = await tenant(world, 'developer', { [namespace]: 'edit' });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  await world.client.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'extra' },
    data: { 'ca.crt': Buffer.from('PEM').toString('base64') },
  });
}, 300_000);
afterAll(() => world?.stop());

function copying(name: string, annotations: Readonly<Record<string, string>> = {}): ServiceBinding {
  const { namespace } = world;
  const secretTransforms = [{ addKeysFrom: { secretRef: { namespace, name: 'extra' } } }];
  return {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: serviceBindings.kind,
    metadata: { namespace, name, annotations },
    spec: { instanceRef: { name: 'db' }, secretTransforms },
  };
}

it('who may read a Secret can have its keys beside the credentials, and is named for it', async () => {
  await developer.create(serviceBindings, copying('granted', { [secretsReadByAnnotation]: 'system:admin' }));
  const binding = await world.binding('granted', isReady, 'is ready');
  expect(binding.metadata.annotations?.[secretsReadByAnnotation]).toBe('developer');
  expect(await world.secret('granted')).toMatchObject({ 'ca.crt': 'PEM' });
});

it('who may not read it can not, whatever the manifest says', async () => {
  const forbidden = { status: 403, message: expect.stringContaining('mallory') as string };
  await expect(binder.create(serviceBindings, copying('stolen'))).rejects.toMatchObject(forbidden);
  const forged = copying('stolen', { [secretsReadByAnnotation]: 'developer' });
  await expect(binder.create(serviceBindings, forged)).rejects.toMatchObject(forbidden);
  expect(await world.find(secrets, 'stolen')).toBeUndefined();
});

it('who may edit in a namespace has a service that exists already bound there, without an operator', async () => {
  const { namespace } = world;
  const instance = {
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: serviceInstances.kind,
    metadata: { namespace, name: 'own' },
    spec: {
      clusterServiceClassExternalName: 'user-provided',
      clusterServicePlanExternalName: 'default',
      parametersFrom: [{ secretKeyRef: { name: 'own-login', key: 'json' } }],
    },
  } as ServiceInstance;
  const forbidden = { status: 403, message: expect.stringContaining('spec.parametersFrom') as string };
  await expect(binder.create(serviceInstances, instance)).rejects.toMatchObject(forbidden);
  await developer.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'own-login' },
    data: { json: Buffer.from('{"password":"pw"}').toString('base64') },
  });
  await developer.create(serviceInstances, instance);
  await world.instance('own', isReady, 'is ready');
  const binding = { ...copying('own'), spec: { instanceRef: { name: 'own' } } } as ServiceBinding;
  await developer.create(serviceBindings, binding);
  await world.binding('own', isReady, 'is ready');
  expect(await world.secret('own')).toMatchObject({ password: 'pw' });
});
