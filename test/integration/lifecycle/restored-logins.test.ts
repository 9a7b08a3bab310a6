import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, renewAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets, type Resource } from '../../../src/kube/resources.ts';
import type { ScriptHandle } from '../../support/test-broker/script-book.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '500ms' } });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => {
  nothing?.cancel();
  expect(world.broker.violations).toEqual([]);
});

/** What the broker has to say of logins that it has given out. */
let nothing: ScriptHandle | undefined;

const ref = (name: string) => ({ namespace: world.namespace, name });
const isLost = (binding: ServiceBinding): boolean => readyReason(binding) === 'SecretLost';
const messageOf = ({ status }: ServiceBinding): string =>
  findCondition(status?.conditions, 'Ready')?.message ?? '';
const secretOf = (name: string) => world.client.get<SecretObject>(secrets, ref(name));

/** As a backup has it: spec and metadata, and a mark that says that its id was made for one of before. */
async function restore(resource: Resource, { metadata, spec }: ServiceInstance | ServiceBinding) {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const marks = { ...annotations, 'servicecatalog.k8s.io/id-made': 'before' };
  const kept = { name, namespace, labels, annotations: marks, finalizers };
  await world.client.create(resource, {
    apiVersion,
    kind: resource.kind,
    metadata: kept,
    spec,
  } as KubeObject);
}

/** Without a word to the broker. */
async function lose(resource: Resource, name: string): Promise<void> {
  await world.client.patch(resource, ref(name), { metadata: { finalizers: null } }, { type: 'merge' });
  await world.client.delete(resource, ref(name)).catch(() => undefined);
  await world.gone(resource, name);
}

/** Instance and binding are back, of a service that hands credentials out once; their Secret is not. */
async function backWithoutSecret(name: string): Promise<SecretObject> {
  const offering = { clusterServiceClassExternalName: 'cache', clusterServicePlanExternalName: 'default' };
  await world.createInstance(name, offering);
  const instance = await world.instance(name, isReady, 'is ready');
  await world.createBinding(name, name);
  const binding = await world.binding(name, isReady, 'is ready');
  const secret = await secretOf(name);
  await world.stopControllers();
  await lose(serviceBindings, name);
  await lose(serviceInstances, name);
  if ((await world.find(secrets, name)) !== undefined) await world.remove(secrets, name);
  await world.gone(secrets, name);
  world.broker.forget();
  nothing = world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, body: {} }, 'always');
  await restore(serviceInstances, instance);
  await restore(serviceBindings, binding);
  world.startControllers();
  return secret;
}

/** It says what to do, and nothing is in the place of the Secret. */
async function expectWaiting(name: string): Promise<ServiceBinding> {
  const waiting = await world.binding(name, isLost, 'waits for its Secret');
  expect(isFailed(waiting)).toBe(true);
  expect(await world.find(secrets, name)).toBeUndefined();
  return waiting;
}

async function remove(name: string): Promise<void> {
  for (const resource of [serviceBindings, serviceInstances]) {
    await world.remove(resource, name);
    await world.gone(resource, name);
  }
  expect(world.broker.liveBindings()).toEqual([]);
}

describe('a binding that comes back before its Secret, and whose broker hands credentials out once', () => {
  it('waits for the Secret, says so, writes nothing in its place, and takes it back as it is', async () => {
    const secret = await backWithoutSecret('late');
    expect(messageOf(await expectWaiting('late'))).toMatch(/without (its )?ownerReferences/u);
    // Looked at in turn, it goes on waiting.
    const looked = 'its broker hands credentials out only once';
    await world.binding('late', (each) => messageOf(each).includes(looked), 'has been looked at');
    await expectWaiting('late');
    const { labels, annotations } = secret.metadata;
    const metadata = { ...ref('late'), labels, annotations };
    await world.client.create(secrets, { metadata, data: secret.data, type: secret.type } as KubeObject);
    const back = await world.binding('late', isReady, 'is ready');
    expect(messageOf(back)).toContain('has come back');
    const taken = await secretOf('late');
    expect(taken.data).toEqual(secret.data);
    expect(taken.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([back.metadata.uid]);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    // From now on it is looked after like any other.
    await world.client.patch(secrets, ref('late'), { data: { password: null } }, { type: 'merge' });
    await world.binding('late', (each) => readyReason(each) === 'SecretChanged', 'is seen to be changed');
    await remove('late');
  }, 90_000);

  it('has a new login where an annotation allows it', async () => {
    await backWithoutSecret('renewed');
    const before = await expectWaiting('renewed');
    nothing?.cancel();
    const annotations = { [renewAnnotation]: 'when-lost' };
    await world.client.patch(
      serviceBindings,
      ref('renewed'),
      { metadata: { annotations } },
      { type: 'merge' },
    );
    const renewed = await world.binding(
      'renewed',
      (each) => isReady(each) && each.status?.bindingID !== before.status?.bindingID,
      'has a new login',
    );
    const login = world.broker.liveBindings().find(({ id }) => id === renewed.status?.bindingID);
    expect((await world.secret('renewed'))['password']).toBe(login?.credentials['password']);
    await remove('renewed');
  }, 90_000);
});
