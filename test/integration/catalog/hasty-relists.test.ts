import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { CatalogWorld } from '../../support/world/catalog-world.ts';
import { testCatalog } from './test-catalog.ts';

let world: CatalogWorld;
beforeAll(async () => {
  world = await CatalogWorld.start();
}, 60_000);
afterAll(() => world.stop());

describe('a broker', () => {
  let broker: TestBroker;
  let elsewhere: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ catalog: testCatalog() });
    elsewhere = await TestBroker.start({ catalog: testCatalog() });
    await world.stopControllers();
  });
  afterEach(async () => {
    await broker.stop();
    await elsewhere.stop();
  });

  it.each([
    ['is deleted', (name: string) => world.client.delete(clusterServiceBrokers, { name })],
    [
      'is to be found at another place',
      (name: string) => world.change(name, { spec: { url: elsewhere.url } }),
    ],
  ])('that does not answer is not waited for when it %s', async (_what, change) => {
    // Far longer than anything here is waited for.
    await world.startControllers({ brokerTimeoutMs: 600_000 });
    broker.script({ operation: 'catalog' }, { kind: 'hang' }, 'always');
    const name = await world.register(broker);
    const object = await world.broker(name);
    await world.until(() => broker.requestsOf('catalog').length === 1);
    await change(name);
    await world.until(
      async () =>
        !(await world.exists(clusterServiceBrokers, object)) || elsewhere.requestsOf('catalog').length > 0,
    );
  });

  it('says so when it is relisted less often than its spec asks for', async () => {
    await world.startControllers({ minRelistIntervalMs: 60_000 });
    const name = await world.register(broker, { spec: { relistDuration: '1ns' } });
    const { status } = await world.ready(name);
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'spec.relistDuration is less than 60 s, the shortest time between two fetches.',
    );
  });
});
