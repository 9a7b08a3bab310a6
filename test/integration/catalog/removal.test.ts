import { clusterServiceBrokers, clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import { RelayedWatchClient } from '../../support/relayed-watch-client.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { CatalogWorld, condition } from './catalog-world.ts';
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

/** Controllers that know of no instance, since they hear nothing of them. */
async function hearNothingOfInstances(): Promise<void> {
  await world.stopControllers();
  await world.startControllers({}, (deps) => new RelayedWatchClient(deps, relay, serviceInstances));
  await waitFor(() => relay.connections > 0, { describe: 'the watch runs through the relay' });
  relay.silence();
}

async function useOf(name: string, planName: string) {
  const [offering] = await world.classesOf(name);
  const plan = (await world.plansOf(name)).find(({ spec }) => spec.externalName === planName);
  if (offering === undefined || plan === undefined) throw new Error('no such plan');
  return { plan, instance: await world.createInstance(offering, plan) };
}

describe('while the watch of instances is silent', () => {
  it('a plan that has left the catalog stays for an instance that only the API server knows', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    await hearNothingOfInstances();
    const { plan } = await useOf(name, 'leaving');
    broker.setCatalog({ services: [{ ...broker.catalog.services[0]!, plans: [kept] }] });
    await world.relist(name);
    await waitFor(() => world.log.includes('kept: used by an instance'), { describe: 'the plan is kept' });
    expect(await world.exists(clusterServicePlans, plan)).toBe(true);
  });

  it('a broker that is deleted stays for an instance that only the API server knows', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    await hearNothingOfInstances();
    const { instance } = await useOf(name, 'kept');
    await world.client.delete(clusterServiceBrokers, { name });
    const blocked = await world.brokerUntil(
      name,
      ({ status }) => status?.lastConditionState === 'DeletionBlockedByInstances',
    );
    expect(condition(blocked, 'Reconciling')?.message).toContain(instance.metadata.name);
  });
});
