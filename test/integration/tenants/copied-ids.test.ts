import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { mutatingWebhookConfigurations, namespaces } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const theirs = 'mallorys';

let world: ServiceWorld;
let original: ServiceInstance;
/** Has `view` where the original is, and `edit` elsewhere. */
let mallory: KubeClient;
/** Has `edit` elsewhere, and knows the id. */
let trudy: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  await world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: theirs } });
  mallory = await tenant(world, 'mallory', { [world.namespace]: 'view', [theirs]: 'edit' });
  trudy = await tenant(world, 'trudy', { [theirs]: 'edit' });
  await world.createInstance('db');
  original = await world.instance('db', isReady, 'is ready');
}, 120_000);
afterAll(() => world?.stop());

/** The spec of the original under another name, as another user. */
function copied(user: KubeClient, spec: ServiceInstance['spec']): Promise<ServiceInstance> {
  const metadata = { name: 'copied', namespace: theirs };
  return user.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata,
    spec,
  });
}

it('whoever may look at an instance can not have it under its id, and is told whose it is', async () => {
  const ref = { namespace: world.namespace, name: 'db' };
  const { spec } = await mallory.get<ServiceInstance>(serviceInstances, ref);
  await expect(copied(mallory, spec)).rejects.toThrow(
    `spec.externalID "${spec.externalID}" is held by ServiceInstance "${world.namespace}/db"`,
  );
});

it('whoever may not look at it is not told whose it is', async () => {
  const { externalID = '' } = original.spec;
  const names = { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' };
  const refusal = await copied(trudy, { ...names, externalID }).catch(String);
  expect(refusal).toContain('is held by another ServiceInstance');
  expect(refusal).not.toContain(world.namespace);
});

it('a manifest that is created again is told that it exists, as ever', async () => {
  const metadata = { name: 'db', namespace: world.namespace };
  const again = { apiVersion, kind: 'ServiceInstance', metadata, spec: original.spec };
  await expect(world.client.create(serviceInstances, again)).rejects.toMatchObject({
    status: 409,
    reason: 'AlreadyExists',
  });
});

it('a copy that was made while no webhook was asked gets nothing, and its deletion takes nothing', async () => {
  using _ = world.undisturbed('the webhook is not called any more');
  await world.client.delete(mutatingWebhookConfigurations, { name: 'bindery' });
  // Whose wish it was is refused for somebody else, and left out by whoever copies.
  const { userInfo: _asked, ...spec } = original.spec;
  // The API server hears of it a moment later.
  await waitFor(() => copied(mallory, spec), { describe: 'the copy is made' });
  const ref = { namespace: theirs, name: 'copied' };
  const isStalled = async (): Promise<boolean> =>
    readyReason(await mallory.get(serviceInstances, ref)) === 'IdHeldByAnother';
  await waitFor(isStalled, { timeoutMs: 45_000, describe: 'the copy is stalled' });
  await mallory.delete(serviceInstances, ref);
  const isGone = async (): Promise<boolean> =>
    (await mallory.list(serviceInstances, { namespace: theirs })).items.length === 0;
  await waitFor(isGone, { timeoutMs: 45_000, describe: 'the copy is gone' });

  expect(isReady(await world.instance('db', isReady, 'is ready'))).toBe(true);
  expect(world.broker.requestsOf('provision').length).toBe(1);
  expect(world.broker.requestsOf('deprovision')).toEqual([]);
});
