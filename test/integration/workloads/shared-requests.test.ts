import { serviceInstances } from '../../../src/api/kinds.ts';
import { requestedName } from '../../../src/api/requested-identity.ts';
import { cronJobs, deployments } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, byAlice, deploy, loginsAt, reask, requestedFor } from './requested-services.ts';
import { isToldOn, toldOn } from './told.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 90_000);
afterEach(() => world.broker.forget());
afterAll(() => world?.stop());

const share = (id: string) => ({ 'share.bind.servicecatalog.k8s.io/db': id });

function sharedName(id: string): string {
  return requestedName(world.namespace, { of: 'share', share: id, class: 'postgresql' });
}

async function hasPlan(name: string, plan: string): Promise<void> {
  await world.instance(
    name,
    (one) => isReady(one) && one.status?.externalProperties?.clusterServicePlanExternalName === plan,
    `has plan ${plan}`,
  );
}

describe('two Deployments that ask for the same (63)', () => {
  it('have two services', async () => {
    for (const name of ['mine', 'yours']) await deploy(world, name, asking('db'));
    const ids = new Set<string | undefined>();
    for (const name of ['mine', 'yours']) {
      const { login, instance } = requestedFor(world.namespace, name, 'db');
      await world.binding(login, isReady, 'is ready');
      const { metadata, status } = await world.instance(instance, isReady, 'is ready');
      expect(metadata.labels?.['servicecatalog.k8s.io/workload']).toBe(name);
      ids.add(status?.instanceID);
    }
    expect(ids.size).toBe(2);
    expect(world.broker.requestsOf('provision')).toHaveLength(2);
  });

  it('have one instance and two logins under one id, and a workload of another kind may join by the name of one', async () => {
    for (const name of ['left', 'right']) await deploy(world, name, { ...asking('db'), ...share('pair') });
    const service = await world.instance(sharedName('pair'), isReady, 'is ready');
    expect(service.metadata.labels?.['servicecatalog.k8s.io/workload']).toBe('pair');
    for (const name of ['left', 'right']) {
      const owner = { of: 'login', workload: { kind: 'Deployment', name }, binding: 'db' } as const;
      const login = { ...owner, instance: sharedName('pair'), parameters: '' };
      const made = await world.binding(requestedName(world.namespace, login), isReady, 'is ready');
      expect(made.metadata.labels?.['servicecatalog.k8s.io/workload']).toBe(name);
    }
    expect(world.broker.requestsOf('provision')).toHaveLength(1);
    expect(await loginsAt(world, sharedName('pair'))).toHaveLength(2);

    await deploy(world, 'owner', asking('db'));
    const owned = requestedFor(world.namespace, 'owner', 'db').instance;
    await world.instance(owned, isReady, 'is ready');
    await world.client.create(cronJobs, nightly({ ...asking('db'), ...share('Deployment/owner') }));
    const job = { of: 'login', workload: { kind: 'CronJob', name: 'nightly' }, binding: 'db' } as const;
    await world.binding(
      requestedName(world.namespace, { ...job, instance: owned, parameters: '' }),
      isReady,
      'is ready',
    );
  });
});

function nightly(annotations: Readonly<Record<string, string>>): KubeObject {
  const template = {
    metadata: { annotations },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  return {
    metadata: { name: 'nightly', namespace: world.namespace, annotations: byAlice },
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
  } as KubeObject;
}

describe('workloads that share a service', () => {
  it('change it when all of them agree, and are told who does not until then, never for which parameters (62)', async () => {
    const params = { 'params.bind.servicecatalog.k8s.io/db': '{"size":"confidential"}' };
    for (const name of ['first', 'second']) await deploy(world, name, { ...asking('db'), ...share('plans') });
    const name = sharedName('plans');
    await hasPlan(name, 'small');
    const before = await world.instance(name, isReady, 'is ready');

    const larger = { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/large' };
    await reask(world, 'first', { ...larger, ...params });
    await isToldOn(
      world,
      'first',
      /^Blocked: .* stays as it is until all agree: Deployment\/second asks for plan "small" and other parameters$/,
    );
    await isToldOn(
      world,
      'second',
      /^Blocked: .*Deployment\/first asks for plan "large" and other parameters$/,
    );
    expect(world.broker.requestsOf('update')).toEqual([]);
    await reask(world, 'second', { ...larger, ...params });
    await hasPlan(name, 'large');
    const after = await world.instance(name, isReady, 'is ready');
    expect([after.metadata.uid, after.status?.instanceID]).toEqual([
      before.metadata.uid,
      before.status?.instanceID,
    ]);
    expect(await loginsAt(world, name)).toHaveLength(2);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    const told = [...(await toldOn(world, 'first')), ...(await toldOn(world, 'second'))];
    expect([world.eavesdropper.log, ...told].join('\n')).not.toContain('confidential');
  });

  it('get nothing made while they do not agree from the start', async () => {
    await world.stopControllers();
    await deploy(world, 'small', { ...asking('db'), ...share('apart') });
    const large = { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/large' };
    await deploy(world, 'large', { ...large, ...share('apart') });
    world.startControllers();
    await isToldOn(world, 'small', /^Blocked: .*Deployment\/large asks for plan "large"$/);
    await isToldOn(world, 'large', /^Blocked: .*Deployment\/small asks for plan "small"$/);
    expect(await world.find(serviceInstances, sharedName('apart'))).toBeUndefined();
    await world.remove(deployments, 'small');
    await hasPlan(sharedName('apart'), 'large');
  });
});
