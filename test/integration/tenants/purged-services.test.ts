import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { purgeAnnotation as purge, purgeAskedByAnnotation as askedBy } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { readyInstance } from '../lifecycle/instance-actions.ts';

let world: ServiceWorld;
let webhook: BinderyProcess;
let developer: KubeClient;
let operator: KubeClient;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  ({ webhook } = await startInstalled(world));
  await world.register();
  const { controlPlane, namespace } = world;
  developer = await tenant(world, 'developer', { [namespace]: 'edit' });
  operator = await tenant(world, 'olga', { [namespace]: 'edit' });
  const bind = [
    'create',
    'rolebinding',
    'purge',
    '-n',
    namespace,
    '--clusterrole=bindery-purge',
    '--user=olga',
  ];
  expect(await controlPlane.kubectl(bind)).toMatchObject({ code: 0 });
}, 300_000);
afterAll(() => world?.stop());

function annotate(
  client: KubeClient,
  name: string,
  annotations: Readonly<Record<string, string | null>>,
  resource = serviceInstances,
): Promise<ServiceInstance> {
  const ref = { namespace: world.namespace, name };
  return client.patch(resource, ref, { metadata: { annotations } }, { type: 'merge' });
}

const idsOf = (operation: 'deprovision' | 'unbind') =>
  world.broker.requestsOf(operation).map(({ instanceId, bindingId }) => bindingId ?? instanceId);
const noRight = (resource: string) => ({
  status: 403,
  message: expect.stringContaining(`right to update ${resource}/purge`) as string,
});

it('who may edit can not leave a service behind, in whose name ever', async () => {
  const { status } = await readyInstance(world, 'kept');
  const words = [{ [purge]: 'true' }, { [purge]: 'true', [askedBy]: 'olga' }, { [askedBy]: 'olga' }];
  for (const word of words)
    await expect(annotate(developer, 'kept', word)).rejects.toMatchObject(noRight('serviceinstances'));
  await developer.delete(serviceInstances, { namespace: world.namespace, name: 'kept' });
  await world.gone(serviceInstances, 'kept');
  expect(idsOf('deprovision')).toContain(status?.instanceID);
}, 60_000);

it('whoever has the right does, of an instance and of a binding, and is named whatever is written', async () => {
  const { status } = await readyInstance(world, 'left');
  await world.createBinding('login', 'left');
  const login = await world.binding('login', isReady, 'is ready');
  const marked = await annotate(operator, 'left', { [purge]: 'true', [askedBy]: 'developer' });
  expect(marked.metadata.annotations?.[askedBy]).toBe('olga');
  await annotate(operator, 'login', { [purge]: 'true' }, serviceBindings);
  const ref = { namespace: world.namespace };
  await developer.delete(serviceBindings, { ...ref, name: 'login' });
  await developer.delete(serviceInstances, { ...ref, name: 'left' });
  await world.gone(serviceInstances, 'left');
  expect(idsOf('deprovision')).not.toContain(status?.instanceID);
  expect(idsOf('unbind')).not.toContain(login.status?.bindingID);
}, 60_000);

it('a word that was taken back by somebody else does not come back under the name of who had the right', async () => {
  await readyInstance(world, 'undone');
  await annotate(operator, 'undone', { [purge]: 'true' });
  await annotate(developer, 'undone', { [purge]: null });
  const again = annotate(developer, 'undone', { [purge]: 'true' });
  await expect(again).rejects.toMatchObject(noRight('serviceinstances'));
}, 60_000);

it('while the webhook is away nothing is left behind, and all else goes on', async () => {
  const { status } = await readyInstance(world, 'down');
  await webhook.kill();
  await expect(annotate(operator, 'down', { [purge]: 'true' })).rejects.toMatchObject({
    message: expect.stringContaining('purge.servicecatalog.k8s.io') as string,
  });
  await annotate(operator, 'down', { note: 'x' });
  await developer.delete(serviceInstances, { namespace: world.namespace, name: 'down' });
  await world.gone(serviceInstances, 'down');
  expect(idsOf('deprovision')).toContain(status?.instanceID);
}, 60_000);
