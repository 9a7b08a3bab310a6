import {
  clusterServiceClasses,
  clusterServicePlans,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import {
  sampleCatalog,
  type CatalogDocument,
  type PlanDocument,
} from '../../support/test-broker/sample-catalog.ts';
import { readyInstance, relist } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** The sample catalog after something became of its plan `small`. */
function catalogWith(change: (small: PlanDocument) => readonly PlanDocument[]): CatalogDocument {
  const { services } = sampleCatalog();
  return {
    services: services.map((service) => ({
      ...service,
      plans: service.plans.flatMap((plan) => (plan['name'] === 'small' ? change(plan) : [plan])),
    })),
  };
}

async function offer(catalog: CatalogDocument): Promise<void> {
  world.broker.setCatalog(catalog);
  await relist(world);
}

async function removeAll(...bindings: readonly string[]): Promise<void> {
  for (const name of bindings) await world.remove(serviceBindings, name);
  for (const name of bindings) await world.gone(serviceBindings, name);
  await world.remove(serviceInstances, 'db');
  await world.gone(serviceInstances, 'db');
  expect(world.broker.liveInstances()).toEqual([]);
}

describe('the bindings of an instance whose plan', () => {
  it('H31 P23 left the catalog are made and unmade as before, with the ids that the broker knows', async () => {
    const instance = await readyInstance(world, 'db');
    await world.createBinding('before', 'db');
    await world.binding('before', isReady, 'is ready');
    await offer(catalogWith(() => []));
    // The broker is asked; whether it makes one for a plan that it does not sell any more is its own business.
    const body = { credentials: { a: 'b' } };
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body, applies: false });
    await world.createBinding('after', 'db');
    await world.binding('after', isReady, 'is ready');
    const { serviceID, planID } = instance.status?.externalProperties ?? {};
    await removeAll('before', 'after');
    const [, bind] = world.broker.requestsOf('bind');
    expect(bind?.body).toMatchObject({ service_id: serviceID, plan_id: planID });
    expect(world.broker.requestsOf('unbind').map(({ query }) => query)).toEqual(
      Array(2).fill(expect.objectContaining({ service_id: serviceID, plan_id: planID })),
    );
    await offer(sampleCatalog());
  });

  it('H33 can not be bound any more stay, and new ones are refused', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('before', 'db');
    await world.binding('before', isReady, 'is ready');
    await offer(catalogWith((small) => [{ ...small, bindable: false }]));
    await world.createBinding('after', 'db');
    const refused = await world.binding('after', isFailed, 'is refused');
    expect(readyReason(refused)).toBe('ErrorNonbindableServiceClass');
    await world.binding('before', isReady, 'is still ready');
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    expect(world.broker.liveBindings()).toHaveLength(1);
    await removeAll('before', 'after');
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    await offer(sampleCatalog());
  });
});

it('a binding is unmade asynchronously while neither its instance nor its class nor its plan is known', async () => {
  const { spec, status } = await readyInstance(world, 'db');
  await world.createBinding('alone', 'db');
  const bound = await world.binding('alone', isReady, 'is ready');
  const { services } = sampleCatalog();
  await offer({ services: services.filter(({ name }) => name !== 'postgresql') });
  const ref = { namespace: world.namespace, name: 'db' };
  await world.client.patch(serviceInstances, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.remove(serviceInstances, 'db');
  await world.gone(clusterServicePlans, spec.clusterServicePlanRef?.name ?? '');
  await world.gone(clusterServiceClasses, spec.clusterServiceClassRef?.name ?? '');

  world.broker.script({ operation: 'unbind' }, { kind: 'async', polls: 1 });
  await world.remove(serviceBindings, 'alone');
  await world.gone(serviceBindings, 'alone');
  expect(world.broker.requestsOf('unbind').map(({ query }) => query)).toEqual([
    expect.objectContaining({
      accepts_incomplete: 'true',
      plan_id: status?.externalProperties?.clusterServicePlanExternalID,
    }),
  ]);
  expect(world.broker.requestsOf('pollBinding').length).toBeGreaterThan(0);
  expect(bound.status?.externalProperties).toMatchObject({
    bindingRetrievable: true,
    maximumPollingDurationSeconds: 600,
  });
  expect(world.broker.liveBindings()).toEqual([]);
  await offer(sampleCatalog());
});
