import { findCondition } from '../../../src/api/conditions.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers, clusterServicePlans } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import type { CatalogDocument, PlanDocument } from '../../support/test-broker/sample-catalog.ts';
import {
  expectCleanBroker,
  changePlan,
  changeSpec,
  readyInstance,
  relist,
  removeInstance,
  settled,
} from './instance-actions.ts';

const flags = [undefined, true, false] as const;

/**
 * Two services, one whose plans may be left and one whose may not, with plans that say nothing, yes and no.
 * @param opened the service, or the plan, that lets go of its instances now
 */
function catalog(opened?: 'strict' | 'strict-false'): CatalogDocument {
  const service = (name: string, plan_updateable: boolean) => ({
    id: `service-${name}`,
    name,
    description: name,
    bindable: true,
    plan_updateable,
    plans: [
      ...flags.map((flag): PlanDocument => {
        const id = `${name}-${flag}`;
        const own = flag === undefined ? {} : { plan_updateable: flag || id === opened };
        return { id, name: id, description: 'one', ...own };
      }),
      { id: `${name}-goal`, name: `${name}-goal`, description: 'where to' },
    ],
  });
  return { services: [service('open', true), service('strict', opened === 'strict')] };
}

let world: ServiceWorld;
let other: TestBroker;
beforeAll(async () => {
  world = await ServiceWorld.start({ catalog: catalog() });
  const service = { id: 'service-other', name: 'other', description: 'other', bindable: true };
  const plans = [{ id: 'other-plan', name: 'other-plan', description: 'other' }];
  other = await TestBroker.start({ catalog: { services: [{ ...service, plans }] }, auth: { kind: 'none' } });
  await world.client.create(clusterServiceBrokers, {
    apiVersion,
    kind: clusterServiceBrokers.kind,
    metadata: { name: 'other' },
    spec: { url: other.url },
  } as KubeObject);
  await world.until(clusterServiceBrokers, 'other', isReady, 'is ready');
}, 60_000);
afterAll(async () => {
  await other?.stop();
  await world?.stop();
});
afterEach(() => expectCleanBroker(world));

function on(service: string, plan: string) {
  return { clusterServiceClassExternalName: service, clusterServicePlanExternalName: plan };
}

const updates = () => world.broker.requestsOf('update');

describe('a change of the plan', () => {
  it.each(
    ['open', 'strict'].flatMap((service) =>
      flags.map((flag) => [service, flag, flag ?? service === 'open'] as const),
    ),
  )('P21 P47 of an %s service whose plan says %j: allowed %j', async (service, flag, isAllowed) => {
    const current = `${service}-${flag}`;
    await readyInstance(world, 'db', on(service, current));
    await changePlan(world, 'db', `${service}-goal`);
    const after = await settled(world, 'db');
    expect(isReady(after)).toBe(true);
    expect(updates().length).toBe(isAllowed ? 1 : 0);
    expect(after.status?.externalProperties?.planID).toBe(isAllowed ? `${service}-goal` : current);
    const stalled = findCondition(after.status?.conditions, 'Stalled');
    expect(stalled?.reason).toBe(isAllowed ? undefined : 'PlanChangeNotAllowed');
    if (!isAllowed) {
      expect(stalled?.message).toContain(`Set the plan back to "${current}", or make a new instance`);
      await changePlan(world, 'db', current);
      expect(isReady(await settled(world, 'db'))).toBe(true);
      expect(updates()).toEqual([]);
    }
    await removeInstance(world, 'db');
  });

  it('P47 leaves parameters alone, which still go', async () => {
    await readyInstance(world, 'db', on('strict', 'strict-false'));
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await settled(world, 'db');
    expect(updates().map(({ body }) => body)).toEqual([expect.objectContaining({ parameters: { size: 2 } })]);
    await removeInstance(world, 'db');
  });

  it.each([
    ['service', 'strict-undefined', 'strict'],
    ['plan', 'strict-false', 'strict-false'],
  ] as const)(
    'P47 that was refused goes on by itself when the %s comes to allow it',
    async (_who, plan, opened) => {
      await readyInstance(world, 'db', on('strict', plan));
      await changePlan(world, 'db', 'strict-goal');
      await world.instance('db', ({ status }) => status?.lastConditionState === 'Failed', 'is refused');
      world.broker.setCatalog(catalog(opened));
      await relist(world);
      await world.instance(
        'db',
        ({ status }) => status?.externalProperties?.planID === 'strict-goal',
        'has its plan',
      );
      world.broker.setCatalog(catalog());
      await relist(world);
      await removeInstance(world, 'db');
    },
  );
});

describe('a plan that left the catalog', () => {
  it('P23 takes no more instances from other plans, and its own may still change their parameters', async () => {
    await readyInstance(world, 'last', on('open', 'open-goal'));
    await readyInstance(world, 'db', on('open', 'open-true'));
    const { services } = catalog();
    const remaining = services.map((service) => ({
      ...service,
      plans: service.plans.filter(({ id }) => id !== 'open-goal'),
    }));
    world.broker.setCatalog({ services: remaining });
    await relist(world);

    await changePlan(world, 'db', 'open-goal');
    const refused = await settled(world, 'db');
    expect(findCondition(refused.status?.conditions, 'Stalled')?.reason).toBe('ReferencesDeletedServicePlan');
    expect(findCondition(refused.status?.conditions, 'Stalled')?.message).toContain(
      'Set the plan back to "open-true"',
    );
    expect(isReady(refused)).toBe(true);
    expect(updates()).toEqual([]);
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 200, body: {}, applies: false });
    await changeSpec(world, 'last', { parameters: { size: 2 } });
    await settled(world, 'last');
    expect(updates().map(({ body }) => body)).toEqual([expect.objectContaining({ parameters: { size: 2 } })]);
    for (const name of ['db', 'last']) await removeInstance(world, name);
    world.broker.setCatalog(catalog());
    await relist(world);
  });
});

describe('a plan that is none of this class', () => {
  it.each([
    ['another class', 'strict-goal'],
    ['another broker', 'other-plan'],
    ['nobody', 'nonesuch'],
  ])('P44 but of %s is refused before any request', async (_whose, plan) => {
    await world.createInstance('fresh', on('open', plan));
    const refused = await world.instance('fresh', (found) => readyReason(found) !== undefined, 'is refused');
    expect(readyReason(refused)).toBe('ReferencesNonexistentServicePlan');
    expect(findCondition(refused.status?.conditions, 'Ready')?.message).toContain(`"${plan}"`);
    expect(world.broker.requestsOf('provision')).toEqual([]);
    await removeInstance(world, 'fresh');

    await readyInstance(world, 'db', on('open', 'open-true'));
    await changePlan(world, 'db', plan);
    const kept = await world.instance(
      'db',
      ({ status }) => findCondition(status?.conditions, 'Reconciling') !== undefined,
      'is refused',
    );
    expect(isReady(kept)).toBe(true);
    expect(updates()).toEqual([]);
    await removeInstance(world, 'db');
    expect(other.requestsOf('provision')).toEqual([]);
    expect(other.requestsOf('update')).toEqual([]);
  });

  it('P44 is refused also when its object is named', async () => {
    const plans = await world.client.list<KubeObject & { readonly spec: { readonly externalID: string } }>(
      clusterServicePlans,
    );
    const foreign = plans.items.find(({ spec }) => spec.externalID === 'other-plan');
    await world.createInstance('db', {
      ...on('open', 'open-true'),
      clusterServicePlanRef: { name: foreign?.metadata.name ?? '' },
    });
    const refused = await world.instance('db', (found) => readyReason(found) !== undefined, 'is refused');
    expect(readyReason(refused)).toBe('ReferencesNonexistentServicePlan');
    expect(world.broker.requestsOf('provision')).toEqual([]);
    await removeInstance(world, 'db');
  });
});
