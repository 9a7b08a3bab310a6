import { findCondition } from '../../../src/api/conditions.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { clusterServiceClasses, clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import { namespaces, type Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import {
  annotate,
  changePlan,
  expectCleanBroker,
  readyInstance,
  relist,
  removeInstance,
} from './instance-actions.ts';

/** The controller alone, which decides when the webhook is away. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());
afterEach(async () => {
  await say(clusterServicePlans, 'small', { namespaces: null, 'max-per-namespace': null });
  await say(clusterServicePlans, 'large', { namespaces: null, 'max-per-namespace': null });
  await say(clusterServicePlans, 'default', { namespaces: null, 'max-per-namespace': null });
  await say(clusterServiceClasses, 'postgresql', { namespaces: null, 'max-per-namespace': null });
  expectCleanBroker(world);
});

type Terms = Readonly<Record<string, string | null>>;

/** What an administrator says of the class or plan that the broker calls so. */
async function say(resource: Resource, externalName: string, terms: Terms): Promise<void> {
  const { items } = await world.client.list<ClusterServicePlan>(resource);
  const name = items.find(({ spec }) => spec.externalName === externalName)?.metadata.name ?? '';
  const annotations = Object.fromEntries(
    Object.entries(terms).map(([key, value]) => [`servicecatalog.k8s.io/${key}`, value]),
  );
  await world.client.patch(resource, { name }, { metadata: { annotations } }, { type: 'merge' });
}

async function label(labels: Terms): Promise<void> {
  await world.client.patch(
    namespaces,
    { name: world.namespace },
    { metadata: { labels } },
    { type: 'merge' },
  );
}

function waits(reason: string): (instance: ServiceInstance) => boolean {
  return ({ metadata, status }) => {
    const condition = findCondition(status?.conditions, 'Reconciling');
    return condition?.reason === reason && condition.observedGeneration === metadata.generation;
  };
}

const requestsFor = (operation: 'provision' | 'update', { spec }: ServiceInstance) =>
  world.broker.requestsOf(operation).filter(({ instanceId }) => instanceId === spec.externalID);

it('a plan for some namespaces is had where they are, also when they come to be; who has it keeps it', async () => {
  await say(clusterServicePlans, 'small', { namespaces: 'team=a' });
  await relist(world);
  await world.createInstance('db');
  const waiting = await world.instance('db', waits('NotForNamespace'), 'waits');
  expect(findCondition(waiting.status?.conditions, 'Ready')).toMatchObject({ status: 'False' });
  expect(requestsFor('provision', waiting)).toEqual([]);

  await label({ team: 'a' });
  await world.instance('db', isReady, 'is ready once its namespace may have it');
  await label({ team: null });
  await readyInstance(world, 'large', { clusterServicePlanExternalName: 'large' });
  await world.client.patch(
    serviceInstances,
    { namespace: world.namespace, name: 'db' },
    { spec: { updateRequests: 1 } },
    { type: 'merge' },
  );
  const updated = await world.instance(
    'db',
    (instance) => isReady(instance) && instance.status?.handledUpdateRequests === 1,
    'is updated where nothing new may be had',
  );
  expect(requestsFor('update', updated)).toHaveLength(1);

  // A change to it is new; to go back is none.
  await changePlan(world, 'large', 'small');
  const stays = await world.instance('large', waits('NotForNamespace'), 'waits with its plan');
  expect(isReady(stays)).toBe(true);
  await changePlan(world, 'large', 'large');
  await world.instance(
    'large',
    (instance) =>
      isReady(instance) && findCondition(instance.status?.conditions, 'Reconciling') === undefined,
    'is as it was',
  );
  expect(requestsFor('update', stays)).toEqual([]);
  await removeInstance(world, 'db');
  await removeInstance(world, 'large');
}, 120_000);

it('of a limited plan the first ones are made, and another as soon as one has gone', async () => {
  await say(clusterServicePlans, 'small', { 'max-per-namespace': '2' });
  await relist(world);
  await readyInstance(world, 'first');
  await readyInstance(world, 'second');
  await world.createInstance('third');
  const third = await world.instance('third', waits('LimitReached'), 'waits');
  expect(findCondition(third.status?.conditions, 'Reconciling')?.message).toContain(
    'has 2 of at most 2 instances of plan "postgresql/small": first, second; delete one of them',
  );
  await say(clusterServicePlans, 'small', { 'max-per-namespace': '1' });
  await removeInstance(world, 'first');
  await world.instance('third', waits('LimitReached'), 'waits still, as there is one');
  expect(isReady((await world.find<ServiceInstance>(serviceInstances, 'second')) ?? third)).toBe(true);
  await removeInstance(world, 'second');
  await world.instance('third', isReady, 'is made');
  await removeInstance(world, 'third');
}, 120_000);

it('many at once get no more than there may be', async () => {
  await say(clusterServiceClasses, 'postgresql', { 'max-per-namespace': '3' });
  await relist(world);
  const names = Array.from({ length: 12 }, (_, at) => `crowd-${at}`);
  await Promise.all(names.map(async (name) => world.createInstance(name)));
  const settled = await Promise.all(
    names.map(async (name) =>
      world.instance(name, (each) => isReady(each) || waits('LimitReached')(each), 'is made or waits'),
    ),
  );
  expect(settled.filter(isReady)).toHaveLength(3);
  const asked = settled.filter((each) => requestsFor('provision', each).length > 0);
  expect(asked).toHaveLength(3);
  await say(clusterServiceClasses, 'postgresql', { 'max-per-namespace': null });
  for (const name of names) await world.instance(name, isReady, 'is made without a limit');
  for (const name of names) await removeInstance(world, name);
}, 120_000);

it('a change of plan waits for room, and what it waits with goes on', async () => {
  await say(clusterServicePlans, 'large', { 'max-per-namespace': '1' });
  await relist(world);
  await readyInstance(world, 'grown', { clusterServicePlanExternalName: 'large' });
  await readyInstance(world, 'growing');
  await changePlan(world, 'growing', 'large');
  const waiting = await world.instance('growing', waits('LimitReached'), 'waits');
  expect(isReady(waiting)).toBe(true);
  expect(requestsFor('update', waiting)).toEqual([]);
  await changePlan(world, 'grown', 'small');
  const has = ({ status }: ServiceInstance): boolean =>
    status?.externalProperties?.clusterServicePlanExternalName === 'large';
  await world.instance('growing', (instance) => isReady(instance) && has(instance), 'has the larger plan');
  await removeInstance(world, 'growing');
  await removeInstance(world, 'grown');
}, 120_000);

it('the word of who adopts is no ticket to a plan, where the broker does not show what it has', async () => {
  const cache = { clusterServiceClassExternalName: 'cache', clusterServicePlanExternalName: 'default' };
  const { status } = await readyInstance(world, 'kept', cache);
  await annotate(world, 'kept', { 'servicecatalog.k8s.io/deletion-policy': 'retain' });
  await removeInstance(world, 'kept');
  await say(clusterServicePlans, 'default', { namespaces: 'team=a' });
  await relist(world);
  const externalID = status?.instanceID ?? '';
  await world.createInstance('back', { ...cache, externalID }, { 'servicecatalog.k8s.io/adopt': 'true' });
  await world.instance('back', waits('NotForNamespace'), 'waits');
  await label({ team: 'a' });
  const back = await world.instance('back', isReady, 'is taken up once its namespace may have it');
  expect(requestsFor('provision', back)).toHaveLength(1);
  await label({ team: null });
  await removeInstance(world, 'back');
}, 120_000);
