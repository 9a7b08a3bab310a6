import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { clusterServiceBrokers, clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import { brokerNameOf, classRefName, type AnyPlan } from '../../../src/catalog/scope.ts';
import { RelayedWatchClient } from '../../support/relayed-watch-client.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { CatalogWorld, condition } from '../../support/world/catalog-world.ts';
import { testPlan, testService } from './test-catalog.ts';

let world: CatalogWorld;
let relay: TcpRelay;
let broker: TestBroker;
let kept: ReturnType<typeof testPlan>;
beforeAll(async () => {
  world = await CatalogWorld.start();
}, 60_000);
beforeEach(async () => {
  relay = await TcpRelay.start(world.client.connection.server);
  kept = testPlan('kept');
  broker = await TestBroker.start({
    catalog: { services: [testService('database', { plans: [kept, testPlan('leaving')] })] },
  });
});
afterEach(async () => {
  await relay.close();
  await broker.stop();
});
afterAll(() => world?.stop());

/** Controllers that know of no instance, since they hear nothing of them any more. */
async function hearNothingOfInstances(name: string): Promise<void> {
  await world.stopControllers();
  const clients: RelayedWatchClient[] = [];
  await world.startControllers({}, (deps) => {
    const client = new RelayedWatchClient(deps, relay, serviceInstances);
    clients.push(client);
    return client;
  });
  const instance = await use(await planOf(name, 'kept'));
  await world.releaseInstance(instance);
  const last = `DELETED ${instance.metadata.name}`;
  await waitFor(() => clients[0]?.heard.includes(last), { describe: 'the watch tells of instances' });
  relay.silence();
}

async function planOf(name: string, planName: string): Promise<AnyPlan> {
  const plan = (await world.plansOf(name)).find(({ spec }) => spec.externalName === planName);
  if (plan === undefined) throw new Error(`there is no plan ${planName}`);
  return plan;
}

/** An instance of the plan. */
async function use(plan: AnyPlan): Promise<ServiceInstance> {
  const classes = await world.classesOf(brokerNameOf(plan.spec));
  const offering = classes.find(({ metadata }) => metadata.name === classRefName(plan.spec));
  if (offering === undefined) throw new Error('there is no class');
  return world.createInstance(offering, plan);
}

describe('while the watch of instances is silent', () => {
  it('a plan that has left the catalog stays for an instance that only the API server knows', async () => {
    using _ = world.undisturbed('a silent watch is that of one process');
    const name = await world.register(broker);
    await world.ready(name);
    await hearNothingOfInstances(name);
    const plan = await planOf(name, 'leaving');
    await use(plan);
    broker.setCatalog({ services: [{ ...broker.catalog.services[0]!, plans: [kept] }] });
    await world.relist(name);
    await waitFor(() => world.log.includes('kept: used by an instance'), { describe: 'the plan is kept' });
    expect(await world.exists(clusterServicePlans, plan)).toBe(true);
  });

  it('a broker that is deleted stays for an instance that only the API server knows', async () => {
    using _ = world.undisturbed('a silent watch is that of one process');
    const name = await world.register(broker);
    await world.ready(name);
    await hearNothingOfInstances(name);
    const instance = await use(await planOf(name, 'kept'));
    await world.client.delete(clusterServiceBrokers, { name });
    const blocked = await world.brokerUntil(
      name,
      ({ status }) => status?.lastConditionState === 'DeletionBlockedByInstances',
    );
    expect(condition(blocked, 'Reconciling')?.message).toContain(instance.metadata.name);
  });
});

describe('what an administrator has said of a plan', () => {
  it.each([
    ['who may have it', { metadata: { annotations: { 'servicecatalog.k8s.io/namespaces': 'team=a' } } }],
    ['how much of it', { metadata: { annotations: { 'servicecatalog.k8s.io/max-per-namespace': '1' } } }],
    ['its default parameters', { spec: { defaultProvisionParameters: { size: 1 } } }],
  ])('(%s) is not lost while the broker does not offer it', async (_what, said) => {
    const name = await world.register(broker);
    await world.ready(name);
    const plan = await planOf(name, 'leaving');
    await world.client.patch(clusterServicePlans, { name: plan.metadata.name }, said, { type: 'merge' });
    const [service] = broker.catalog.services;
    if (service === undefined) throw new Error('there is no service');
    const third = testPlan('third');
    broker.setCatalog({ services: [{ ...service, plans: [kept, third] }] });
    await world.relist(name);
    // A plan that nobody said anything of goes; by then the other one has been looked at.
    broker.setCatalog({ services: [{ ...service, plans: [kept] }] });
    const unsaid = await planOf(name, 'third');
    await world.relist(name);
    await waitFor(async () => !(await world.exists(clusterServicePlans, unsaid)), { describe: 'it is gone' });
    broker.setCatalog({ services: [service] });
    await world.relist(name);
    const back = await planOf(name, 'leaving');
    expect(back.metadata.uid).toBe(plan.metadata.uid);
    expect(back).toMatchObject(said);
    expect(back.status?.removedFromBrokerCatalog).not.toBe(true);
  });
});
