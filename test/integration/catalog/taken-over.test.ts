import type { ServiceClass } from '../../../src/api/generated/service-class.ts';
import type { ServicePlan } from '../../../src/api/generated/service-plan.ts';
import { finalizer } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  clusterServicePlans,
  serviceBrokers,
  serviceClasses,
  serviceInstances,
  servicePlans,
} from '../../../src/api/kinds.ts';
import { escapeName } from '../../../src/api/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import {
  askBroker,
  condition,
  instanceSpec,
  leave,
  leaveCatalog,
  oldCatalog,
  plans,
  properties,
  scopes,
  serviceId,
  type Scope,
} from '../lifecycle/old-catalog.ts';

const kinds: Readonly<Record<Scope, { brokers: Resource; classes: Resource; plans: Resource }>> = {
  cluster: { brokers: clusterServiceBrokers, classes: clusterServiceClasses, plans: clusterServicePlans },
  namespace: { brokers: serviceBrokers, classes: serviceClasses, plans: servicePlans },
};
const inUse = '5b7f1c32-0000-4000-8000-000000000001';

let world: ServiceWorld;
const before = new Map<Scope, readonly string[]>();

/** The catalog does not have the plan `large` any more, and nobody uses it. `small` was removed once, is used, and has come back. */
beforeAll(async () => {
  const [service] = oldCatalog.services;
  if (service === undefined) throw new Error('there is no service');
  const catalog = { services: [{ ...service, plans: service.plans.filter(({ id }) => id === plans.small) }] };
  world = await ServiceWorld.start({ controllers: 'none', catalog });
  await leaveCatalog(world);
  await markRemoved(plans.small);
  for (const scope of scopes) before.set(scope, await uids(scope));
  await askBroker(world, 'PUT', inUse);
  await leave(world, serviceInstances, {
    metadata: { name: 'in-use', finalizers: [finalizer] },
    spec: instanceSpec('cluster', 'small', inUse),
    status: {
      conditions: [condition('Ready', 'True', 'ProvisionedSuccessfully')],
      currentOperation: '',
      provisionStatus: 'Provisioned',
      deprovisionStatus: 'Required',
      reconciledGeneration: 1,
      observedGeneration: 1,
      externalProperties: properties('cluster', 'small'),
    },
  });
  world.broker.forget();
  world.startControllers();
  for (const scope of scopes) await relist(scope);
}, 120_000);
afterAll(() => world?.stop());

function refOf({ namespaced }: Resource, name: string): { name: string; namespace?: string } {
  return namespaced ? { namespace: world.namespace, name } : { name };
}

async function markRemoved(id: string): Promise<void> {
  const patch = { status: { removedFromBrokerCatalog: true } };
  const options = { type: 'merge', subresource: 'status' } as const;
  await world.client.patch(clusterServicePlans, { name: escapeName(id) }, patch, options);
}

async function uids(scope: Scope): Promise<readonly string[]> {
  const found = [kinds[scope].classes, kinds[scope].plans].map(async (resource) =>
    world.client.list<KubeObject>(resource, resource.namespaced ? { namespace: world.namespace } : undefined),
  );
  const items = (await Promise.all(found)).flatMap((list) => list.items);
  const kept = items.filter(({ metadata }) => metadata.name !== escapeName(plans.large));
  return kept.map(({ metadata }) => metadata.uid ?? '').toSorted();
}

/** As an operator asks for it. */
async function relist(scope: Scope): Promise<void> {
  const resource = kinds[scope].brokers;
  const patch = { spec: { relistRequests: 1 } };
  const { metadata } = await world.client.patch<KubeObject>(resource, refOf(resource, 'test'), patch, {
    type: 'merge',
  });
  await world.until<KubeObject & { status?: { reconciledGeneration?: number } }>(
    resource,
    'test',
    (broker) => isReady(broker) && broker.status?.reconciledGeneration === metadata.generation,
    'has fetched its catalog',
  );
}

describe.each(scopes)('the catalog that Service Catalog 0.3 left (%s)', (scope) => {
  const { brokers, classes, plans: planKind } = kinds[scope];

  it('is used as it is: no class or plan is made anew', async () => {
    expect(await uids(scope)).toEqual(before.get(scope));
    const broker = await world.find(brokers, 'test');
    expect(broker?.metadata.finalizers).toEqual([finalizer]);
  });

  it('gets what 0.3 dropped or mistook: what is free, and its owner', async () => {
    const broker = await world.find(brokers, 'test');
    const small = await world.until<ServicePlan>(
      planKind,
      escapeName(plans.small),
      ({ status }) => status?.removedFromBrokerCatalog !== true,
      'is offered again',
    );
    // Absent means true (OSB, Service Plan Object).
    expect(small.spec.free).toBe(true);
    const found = await world.find<ServiceClass>(classes, escapeName(serviceId));
    for (const each of [small, found]) {
      expect(each?.metadata.ownerReferences).toMatchObject([
        { kind: brokers.kind, name: 'test', uid: broker?.metadata.uid, controller: true },
      ]);
    }
  });

  it('loses what its broker does not offer any more, once nobody uses it', async () => {
    await world.gone(planKind, escapeName(plans.large));
  });
});

it('an instance that uses it is not asked for again', async () => {
  await world.instance('in-use', isReady, 'is ready');
  expect(world.broker.requests.map(({ operation }) => operation)).toEqual(
    world.broker.requests.map(() => 'catalog'),
  );
});
