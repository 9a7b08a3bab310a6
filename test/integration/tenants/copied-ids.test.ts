import { join } from 'node:path';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const theirs = 'mallorys';

let world: ServiceWorld;
let original: ServiceInstance;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  const { controlPlane } = world;
  const root = join(import.meta.dirname, '../../..');
  await world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: theirs } });
  for (const args of [
    ['apply', '-f', join(root, 'deploy/rbac/users.yaml')],
    ['create', 'rolebinding', 'viewer', '-n', world.namespace, '--clusterrole=view', '--user=mallory'],
    ['create', 'rolebinding', 'mallory', '-n', theirs, '--clusterrole=edit', '--user=mallory'],
    ['create', 'rolebinding', 'trudy', '-n', theirs, '--clusterrole=edit', '--user=trudy'],
  ]) {
    expect(await controlPlane.kubectl(args)).toMatchObject({ code: 0 });
  }
  await world.createInstance('db');
  original = await world.instance('db', isReady, 'is ready');
}, 120_000);
afterAll(() => world?.stop());

/** `kubectl create` of a manifest with the id of the original, as a user of another namespace. */
async function take(user: string): Promise<string> {
  const kubeconfig = await world.controlPlane.kubeconfigFor(user);
  const manifest = JSON.stringify({
    apiVersion,
    kind: 'ServiceInstance',
    metadata: { name: 'copied', namespace: theirs },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      externalID: original.spec.externalID,
    },
  });
  const create = ['--kubeconfig', kubeconfig, 'create', '-f', '-'];
  // The aggregated roles are put together by a controller.
  return waitFor(
    async () => {
      const { code, stderr } = await world.controlPlane.kubectl(create, manifest);
      expect(code).not.toBe(0);
      return stderr.includes('spec.externalID') ? stderr : undefined;
    },
    { describe: `${user} is refused for the id` },
  );
}

it('whoever may look at an instance can not have it under its id, and is told whose it is', async () => {
  expect(await take('mallory')).toContain(`is held by ServiceInstance "${world.namespace}/db"`);
});

it('whoever may not look at it is not told whose it is', async () => {
  const refusal = await take('trudy');
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

it('the original is as it was, and the broker has heard of nothing', async () => {
  expect(isReady(await world.instance('db', isReady, 'is ready'))).toBe(true);
  expect(world.broker.requestsOf('provision').length).toBe(1);
  expect(world.broker.requestsOf('deprovision')).toEqual([]);
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');
});
