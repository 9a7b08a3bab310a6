import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import { condition, CatalogWorld, uniqueName } from '../../support/world/catalog-world.ts';
import { testCatalog, testService } from './test-catalog.ts';
import {
  clusterServiceClasses,
  clusterServicePlans,
  serviceBrokers,
  serviceClasses,
} from '../../../src/api/kinds.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import { classRefName, isRemoved, type AnyItem } from '../../../src/catalog/scope.ts';
import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';

let world: CatalogWorld;
beforeAll(async () => {
  world = await CatalogWorld.start();
}, 60_000);
afterAll(() => world.stop());

const isBrokerWrite = (write: string): boolean => /^(PATCH|PUT) clusterservicebrokers$/.test(write);

/**
 * The finalizer, that the catalog is being fetched, and the outcome. A write is counted when its answer has come, which
 * others may see the object before.
 */
async function outcomeCounted(before: number): Promise<void> {
  await world.until(() => world.writes.slice(before).filter(isBrokerWrite).length >= 3);
}

describe('the catalog of a broker', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start({ catalog: testCatalog() });
  });
  afterEach(() => broker.stop());

  it('becomes classes and plans, and the broker says so', async () => {
    const name = await world.register(broker);
    const { status, metadata } = await world.ready(name);
    expect(status).toMatchObject({
      serviceClassCount: 2,
      servicePlanCount: 3,
      reconciledGeneration: metadata.generation,
      observedGeneration: metadata.generation,
      lastConditionState: 'Ready',
      circuit: 'Closed',
    });
    expect(status?.conditions).toHaveLength(1);
    expect(status?.conditions).toMatchObject([
      {
        type: 'Ready',
        status: 'True',
        reason: 'FetchedCatalog',
        message: 'Successfully fetched catalog entries from broker.',
      },
    ]);
    expect(status?.lastCatalogRetrievalTime).toBeDefined();
    expect(metadata.finalizers).toEqual(['kubernetes-incubator/service-catalog']);

    const items: readonly AnyItem[] = [...(await world.classesOf(name)), ...(await world.plansOf(name))];
    expect(items).toHaveLength(5);
    for (const item of items) {
      expect(isConditionTrue(item.status?.conditions, 'Ready')).toBe(true);
      expect(item.status?.observedGeneration).toBe(item.metadata.generation);
    }
    expect(broker.violations).toEqual([]);
  });

  it('makes two status writes at most, and two per class and plan', async () => {
    const before = world.writes.length;
    const name = await world.register(broker);
    await world.ready(name);
    await outcomeCounted(before);
    const writes = world.writes.slice(before);
    expect(writes.filter(isBrokerWrite)).toHaveLength(3);
    expect(writes.filter((write) => write.endsWith('clusterserviceclasses'))).toHaveLength(4);
    expect(writes.filter((write) => write.endsWith('clusterserviceplans'))).toHaveLength(6);
  });

  it('P19 H34 writes nothing at all when it is fetched again unchanged, with and without an entity tag', async () => {
    const before = world.writes.length;
    const name = await world.register(broker, { spec: { relistDuration: '1s' } });
    await world.ready(name);
    await outcomeCounted(before);
    const versions = await versionsOf(name);
    const writes = world.writes.length;
    await world.until(() => broker.requestsOf('catalog').length >= 2);
    expect(broker.requests.at(-1)?.status).toBe(304);

    broker.script({ operation: 'catalog' }, { kind: 'answer', status: 200, body: broker.catalog });
    await world.until(() => broker.requestsOf('catalog').length >= 4);
    expect(broker.requestsOf('catalog').some(({ status }) => status === 200)).toBe(true);
    expect(await versionsOf(name)).toEqual(versions);
    expect(world.writes.slice(writes)).toEqual([]);
  });

  it('is fetched again when relistRequests is raised, and shows what changed', async () => {
    const name = await world.register(broker, { spec: { relistBehavior: 'Manual' } });
    await world.ready(name);
    const [database, cache] = testCatalog().services;
    broker.setCatalog({ services: [{ ...database!, description: 'Renamed' }, cache!] });
    const { status } = await world.relist(name);
    expect(status?.lastRelistRequests).toBe(1);
    const classes = await world.classesOf(name);
    expect(classes.map(({ spec }) => spec.description)).toContain('Renamed');
  });

  it('is fetched once more when somebody asked for it while it was being fetched', async () => {
    const name = await world.register(broker, { spec: { relistBehavior: 'Manual' } });
    await world.ready(name);
    const body = broker.catalog;
    const next = { kind: 'answer', status: 200, body } as const;
    broker.script({ operation: 'catalog' }, { kind: 'delay', ms: 1000, next });
    const relisted = world.relist(name);
    await world.until(() => broker.requestsOf('catalog').length === 2);
    // Whoever deletes a class wants to have it as the broker offers it now.
    const [deleted] = await world.classesOf(name);
    await world.client.delete(clusterServiceClasses, { name: deleted?.metadata.name ?? '' });
    await relisted;
    await world.until(() => broker.requestsOf('catalog').length === 3);
    await world.until(async () => (await world.classesOf(name)).length === 2);
  });

  it('P13 P23 marks what left, keeps it while it is used, and takes it back', async () => {
    const catalog = broker.catalog;
    const [database, cache] = catalog.services;
    const name = await world.register(broker);
    await world.ready(name);
    const used = itemNamed(await world.classesOf(name), 'cache');
    const plan = itemNamed(await world.plansOf(name), 'cache-plan');
    const instance = await world.createInstance(used, plan);

    broker.setCatalog({ services: [database!] });
    expect((await world.relist(name)).status).toMatchObject({ serviceClassCount: 1, servicePlanCount: 2 });
    await world.until(async () => isRemoved(itemNamed(await world.classesOf(name), 'cache')));
    const removed = itemNamed(await world.plansOf(name), 'cache-plan');
    expect(removed.status).toMatchObject({ lastConditionState: 'RemovedFromBrokerCatalog' });

    broker.setCatalog({ services: [database!, cache!] });
    await world.relist(name);
    const again = itemNamed(await world.plansOf(name), 'cache-plan');
    expect(again.status).toMatchObject({ removedFromBrokerCatalog: false, lastConditionState: 'Ready' });
    expect(again.metadata.uid).toBe(plan.metadata.uid);

    broker.setCatalog({ services: [database!] });
    await world.relist(name);
    await world.releaseInstance(instance);
    await world.until(async () => !(await world.exists(clusterServiceClasses, used)));
    await world.until(async () => !(await world.exists(clusterServicePlans, plan)));
  });

  it('P13 deletes at once what left and is not used', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    broker.setCatalog({ services: broker.catalog.services.slice(1) });
    await world.relist(name);
    await world.until(async () => (await world.classesOf(name)).length === 1);
    await world.until(async () => (await world.plansOf(name)).length === 1);
  });

  it('H35 may be empty', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    broker.setCatalog({ services: [] });
    expect((await world.relist(name)).status).toMatchObject({ serviceClassCount: 0, servicePlanCount: 0 });
    await world.until(async () => (await world.classesOf(name)).length === 0);
  });

  it('H10 is used without an item that is broken, which is named', async () => {
    const { services } = broker.catalog;
    broker.setCatalog({
      services: [
        ...services,
        { ...testService('no-plans'), plans: [] },
        testService('long', { name: 'n'.repeat(300) }),
        { ...testService('typed'), description: 7 },
      ],
    });
    const name = await world.register(broker);
    const { status } = await world.ready(name);
    expect(status).toMatchObject({ serviceClassCount: 2, servicePlanCount: 3 });
    expect(status?.skippedItems).toHaveLength(3);
    expect(condition({ status } as never, 'Ready')?.message).toContain(
      '3 parts of the catalog could not be used',
    );
  });

  it('H09 is refused whole when an id appears twice, and the last good one stays', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const { services } = broker.catalog;
    broker.setCatalog({ services: [...services, services[0]!] });
    await world.change(name, { spec: { relistRequests: 1 } });
    const failed = await world.brokerUntil(
      name,
      ({ status }) => status?.lastConditionState === 'ErrorFetchingCatalog',
    );
    expect(condition(failed, 'Ready')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('BadCatalog') as unknown,
    });
    expect(await world.classesOf(name)).toHaveLength(2);
  });

  it('H09 is refused whole when a plan moved to another service', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const [database, cache] = broker.catalog.services;
    const [first, moved] = database!.plans;
    broker.setCatalog({
      services: [
        { ...database!, plans: [first!] },
        { ...cache!, plans: [...cache!.plans, moved!] },
      ],
    });
    await world.change(name, { spec: { relistRequests: 1 } });
    const failed = await world.brokerUntil(
      name,
      ({ status }) => status?.lastConditionState === 'ErrorSyncingCatalog',
    );
    expect(condition(failed, 'Ready')?.message).toContain('a plan belongs to one class for ever');
    expect(await world.plansOf(name)).toHaveLength(3);
  });

  it('H11 P16 keeps its objects when another broker offers the same ids, until it is gone', async () => {
    const first = await world.register(broker);
    await world.ready(first);
    await using second = await TestBroker.start({ catalog: broker.catalog });
    const other = await world.register(second);
    const { status } = await world.ready(other);
    expect(status).toMatchObject({ serviceClassCount: 0, servicePlanCount: 0 });
    expect(status?.skippedItems).toMatchObject([
      { reason: `its id is already in use by ClusterServiceBroker "${first}"` },
      { reason: `its id is already in use by ClusterServiceBroker "${first}"` },
    ]);
    expect(await world.classesOf(first)).toHaveLength(2);

    await world.client.delete(clusterServiceBrokers, { name: first });
    await world.brokerUntil(other, ({ status: later }) => later?.skippedItems === undefined);
    expect(await world.classesOf(other)).toHaveLength(2);
  });

  it('is restricted by the selectors of the broker, also afterwards', async () => {
    const name = await world.register(broker, {
      spec: { catalogRestrictions: { serviceClass: ['spec.externalName in (database, none)'] } },
    });
    expect((await world.ready(name)).status).toMatchObject({ serviceClassCount: 1, servicePlanCount: 2 });
    await world.change(name, { spec: { catalogRestrictions: { servicePlan: ['spec.free=true'] } } });
    expect((await world.ready(name)).status).toMatchObject({ serviceClassCount: 1, servicePlanCount: 1 });
    await world.change(name, { spec: { catalogRestrictions: null } });
    expect((await world.ready(name)).status).toMatchObject({ serviceClassCount: 2, servicePlanCount: 3 });
  });

  it('leaves the default parameters of administrators alone, and repairs what somebody else changed', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const [offering] = await world.classesOf(name);
    const ref = { name: offering!.metadata.name };
    const spec = { description: 'edited', defaultProvisionParameters: { size: 'xl' } };
    await world.client.patch(
      clusterServiceClasses,
      ref,
      { spec, metadata: { labels: { team: 'db' } } },
      { type: 'merge' },
    );
    // An entity tag would say that nothing has changed.
    broker.script({ operation: 'catalog' }, { kind: 'answer', status: 200, body: broker.catalog });
    await world.relist(name);
    const repaired = await world.client.get<AnyItem>(clusterServiceClasses, ref);
    expect(repaired.spec).toMatchObject({ ...spec, description: offering!.spec.description });
    expect(repaired.metadata.labels).toMatchObject({ team: 'db', ...offering!.metadata.labels });
  });

  it('goes on with classes of earlier versions that are named by the raw id', async () => {
    const offering = testService('old');
    const id = `z-${offering.id}`;
    broker.setCatalog({ services: [{ ...offering, id }] });
    const name = uniqueName('broker');
    const spec = { clusterServiceBrokerName: name, externalName: 'old', externalID: id };
    await world.client.create<ClusterServiceClass>(clusterServiceClasses, {
      apiVersion: 'servicecatalog.k8s.io/v1beta1',
      kind: 'ClusterServiceClass',
      metadata: { name: id },
      spec,
    });
    await world.ready(await world.register(broker, { name }));
    expect((await world.classesOf(name)).map(({ metadata }) => metadata.name)).toEqual([id]);
    expect((await world.plansOf(name)).map((plan) => classRefName(plan.spec))).toEqual([id]);
  });

  it('comes back when somebody deletes a class or plan', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const [offering] = await world.classesOf(name);
    await world.client.delete(clusterServiceClasses, { name: offering!.metadata.name });
    await world.until(async () => {
      const { uid } = (await world.classesOf(name)).find(
        ({ metadata }) => metadata.name === offering!.metadata.name,
      )!.metadata;
      return uid !== offering!.metadata.uid;
    });
  });

  it('P20 keeps the most curious metadata, without writing it again and again', async () => {
    const { services } = broker.catalog;
    const body =
      '{"costs":[{"amount":{"usd":649.00},"unit":"MONTHLY"}],"big":12345678901234567890,"max":9223372036854775807,' +
      '"huge":1e21,"tiny":1E-7,"none":null,"nested":{"none":null,"list":[null,1.0,-0]},"":{"$ref":"x"},' +
      '"text":"<&>\\u2028\\ud800","__proto__":{"a":1}}';
    const text = JSON.stringify({ services }).replace('"metadata":{}', `"metadata":${body}`);
    expect(text).toContain('649.00');
    broker.script({ operation: 'catalog' }, { kind: 'answer', rawBody: text }, 'always');
    const name = await world.register(broker, { spec: { relistDuration: '1s' } });
    await world.ready(name);
    const versions = await versionsOf(name);
    await world.until(() => broker.requestsOf('catalog').length >= 3);
    expect(await versionsOf(name)).toEqual(versions);
    const database = itemNamed(await world.classesOf(name), 'database');
    expect(database.spec.externalMetadata).toMatchObject({
      costs: [{ amount: { usd: 649 }, unit: 'MONTHLY' }],
      none: null,
      nested: { none: null, list: [null, 1, 0] },
    });
  });

  it('of a ServiceBroker lives in its namespace, with everything that the cluster-wide one has', async () => {
    const name = await world.registerNamespaced(broker);
    const { status } = await world.ready(name, serviceBrokers);
    expect(status).toMatchObject({ serviceClassCount: 2, servicePlanCount: 3 });
    const { classes, plans } = await world.namespacedItems();
    expect([classes.length, plans.length]).toEqual([2, 3]);
    expect(classes[0]?.metadata.ownerReferences).toMatchObject([{ kind: 'ServiceBroker', name }]);

    const used = itemNamed(classes, 'cache');
    const instance = await world.createInstance(used, itemNamed(plans, 'cache-plan'));
    await world.client.delete(serviceBrokers, { namespace: world.namespace, name });
    const blocked = await world.brokerUntil(
      name,
      (candidate) => condition(candidate, 'Reconciling')?.reason === 'DeletionBlockedByInstances',
      serviceBrokers,
    );
    expect(condition(blocked, 'Reconciling')?.message).toContain(
      `${world.namespace}/${instance.metadata.name}`,
    );
    await world.releaseInstance(instance);
    await world.until(async () => !(await world.exists(serviceBrokers, blocked)));
    await world.until(async () => !(await world.exists(serviceClasses, used)));
  });

  it('is not fetched by a controller that starts again, and not written', async () => {
    const name = await world.register(broker);
    await world.ready(name);
    const versions = await versionsOf(name);
    await world.stopControllers();
    broker.forget();
    await world.startControllers();
    await using probe = await TestBroker.start();
    await world.ready(await world.register(probe));
    expect(broker.requests).toEqual([]);
    expect(await versionsOf(name)).toEqual(versions);
  });
});

/** The resourceVersions of a broker and of everything that it owns. */
async function versionsOf(name: string): Promise<Readonly<Record<string, string | undefined>>> {
  const objects = [
    await world.broker(name),
    ...(await world.classesOf(name)),
    ...(await world.plansOf(name)),
  ];
  return Object.fromEntries(objects.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

function itemNamed<T extends AnyItem>(items: readonly T[], externalName: string): T {
  const found = items.find(({ spec }) => spec.externalName === externalName);
  if (found === undefined) throw new Error(`no ${externalName}`);
  return found;
}
