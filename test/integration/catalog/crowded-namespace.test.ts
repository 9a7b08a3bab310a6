import { serviceBrokers, servicePlans } from '../../../src/api/kinds.ts';
import type { AnyBroker } from '../../../src/brokers/broker-settings.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { CatalogWorld, condition } from '../../support/world/catalog-world.ts';
import { testPlan, testService } from './test-catalog.ts';

const maxNamespacePlans = 10;

let world: CatalogWorld;
const brokers: TestBroker[] = [];
beforeAll(async () => {
  world = await CatalogWorld.start();
  await world.stopControllers();
  await world.startControllers({ maxNamespacePlans });
}, 60_000);
afterAll(async () => {
  await world.stop();
  await Promise.all(brokers.map((broker) => broker.stop()));
});

async function brokerWith(plans: number): Promise<TestBroker> {
  const service = testService('many', {
    plans: Array.from({ length: plans }, (_, at) => testPlan(`p${at}`)),
  });
  const broker = await TestBroker.start({ catalog: { services: [service] } });
  brokers.push(broker);
  return broker;
}

it('the brokers of a namespace together have no more plans than one may have, however many they are', async () => {
  const names = await Promise.all(
    Array.from({ length: 5 }, async () => world.registerNamespaced(await brokerWith(4))),
  );
  const isDecided = (broker: AnyBroker): boolean => {
    const ready = condition(broker, 'Ready');
    return ready?.status === 'True' || ready?.reason === 'ErrorSyncingCatalog';
  };
  const found = await Promise.all(names.map((name) => world.brokerUntil(name, isDecided, serviceBrokers)));
  const refused = found.filter((broker) => condition(broker, 'Ready')?.status !== 'True');
  expect(refused.length).toBeGreaterThanOrEqual(3);
  for (const broker of refused) {
    expect(condition(broker, 'Ready')?.message).toMatch(
      /Its catalog has 4 plans, those of the other brokers of the namespace \d+; 10 are allowed together\./,
    );
  }
  const { items } = await world.client.list(servicePlans, { namespace: world.namespace });
  expect(items.length).toBeLessThanOrEqual(maxNamespacePlans);
  // Room that is given back is others'.
  const [ready] = found.filter((broker) => !refused.includes(broker));
  await world.client.delete(serviceBrokers, { namespace: world.namespace, name: ready?.metadata.name ?? '' });
  await world.until(async () => {
    const now = await Promise.all(refused.map(({ metadata }) => world.broker(metadata.name, serviceBrokers)));
    return now.some((broker) => condition(broker, 'Ready')?.status === 'True');
  });
});

it('keeps no broker of the cluster, and of another namespace, from its plans', async () => {
  await world.ready(await world.register(await brokerWith(8)));
  await world.createNamespace('elsewhere');
  const name = await world.registerNamespaced(await brokerWith(8), 'elsewhere');
  await world.ready(name, serviceBrokers, 'elsewhere');
});
