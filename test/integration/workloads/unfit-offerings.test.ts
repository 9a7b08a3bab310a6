import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers, clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { deploy, reask, requestedFor } from './requested-services.ts';
import { isToldOn } from './told.ts';

const bind = 'bind.servicecatalog.k8s.io/db';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 90_000);
afterEach(() => world.broker.forget());
afterAll(() => world?.stop());

async function isServed(workload: string, className: string): Promise<void> {
  const { login } = requestedFor(world.namespace, workload, 'db', className);
  await world.binding(login, isReady, 'is ready');
}

/** Has the broker's catalog read anew, and waits for what it says of a plan. */
async function relist(plan: string, isOffered: boolean): Promise<void> {
  const broker = await world.client.get<KubeObject & { spec: { relistRequests?: number } }>(
    clusterServiceBrokers,
    { name: 'test' },
  );
  const relistRequests = (broker.spec.relistRequests ?? 0) + 1;
  await world.client.patch(
    clusterServiceBrokers,
    { name: 'test' },
    { spec: { relistRequests } },
    { type: 'merge' },
  );
  await waitFor(
    async () => {
      const { items } = await world.client.list<ClusterServicePlan>(clusterServicePlans, {});
      const found = items.find(({ spec }) => spec.externalName === plan);
      return found !== undefined && (found.status?.removedFromBrokerCatalog !== true) === isOffered;
    },
    { describe: `plan ${plan} is ${isOffered ? '' : 'not '}offered` },
  );
}

describe('(61) a request', () => {
  it('of a class that two brokers offer is told of both, and served when there is one', async () => {
    const plans = [{ id: 'plan-of-another', name: 'default', description: 'the same name' }];
    const cache = { id: 'cache-of-another', name: 'cache', description: 'one', bindable: true, plans };
    await using cleanUp = new AsyncDisposableStack();
    const another = await TestBroker.start({ catalog: { services: [cache] }, auth: { kind: 'none' } });
    cleanUp.defer(async () => another.stop());
    await world.client.create(clusterServiceBrokers, {
      apiVersion,
      kind: clusterServiceBrokers.kind,
      metadata: { name: 'another' },
      spec: { url: another.url },
    } as KubeObject);
    await world.until(clusterServiceBrokers, 'another', isReady, 'is ready');

    await deploy(world, 'torn', { [bind]: 'request/cache/default' });
    await isToldOn(
      world,
      'torn',
      /^Blocked: .*There are 2 ClusterServiceClasses with externalName "cache", of the brokers another, test/,
    );
    expect([...world.broker.requestsOf('provision'), ...another.requestsOf('provision')]).toEqual([]);
    await world.remove(clusterServiceBrokers, 'another');
    await isServed('torn', 'cache');
    expect(another.requestsOf('provision')).toEqual([]);
  });

  it('of a plan that has left the catalog is told, and waits until it is back; what exists goes on', async () => {
    await deploy(world, 'settled', { [bind]: 'request/postgresql/large' });
    await isServed('settled', 'postgresql');
    world.broker.forget();
    const { catalog } = world.broker;
    const services = catalog.services.map((service) => ({
      ...service,
      plans: service.plans.filter(({ ['name']: name }) => name !== 'large'),
    }));
    world.broker.setCatalog({ ...catalog, services });
    await relist('large', false);

    await deploy(world, 'newcomer', { [bind]: 'request/postgresql/large' });
    await isToldOn(world, 'newcomer', /^Blocked: .*Plan "large" has been deleted; cannot provision/);
    await isServed('settled', 'postgresql');
    const { instanceID } =
      (await world.instance(requestedFor(world.namespace, 'settled', 'db').instance, isReady, 'is ready'))
        .status ?? {};
    const heard = world.broker.requests.filter(({ operation }) => operation !== 'catalog');
    expect(heard.filter(({ instanceId }) => instanceId === instanceID)).toEqual([]);
    expect(world.broker.requestsOf('provision')).toEqual([]);

    world.broker.setCatalog(catalog);
    await relist('large', true);
    await isServed('newcomer', 'postgresql');
  });

  it('of a plan that makes no logins is not made, and is when it asks for another', async () => {
    await deploy(world, 'mute', { [bind]: 'request/postgresql/fixed' });
    await isToldOn(
      world,
      'mute',
      /^Blocked: ServiceInstance "mute-.* is not made: .*plan "fixed" can not be bound/,
    );
    const { instance } = requestedFor(world.namespace, 'mute', 'db');
    expect(await world.find(serviceInstances, instance)).toBeUndefined();
    expect(world.broker.requestsOf('provision')).toEqual([]);
    await reask(world, 'mute', { [bind]: 'request/postgresql/small' });
    await isServed('mute', 'postgresql');
  });
});
