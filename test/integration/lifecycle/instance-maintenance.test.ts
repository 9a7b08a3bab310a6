import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { sampleCatalog, type CatalogDocument } from '../../support/test-broker/sample-catalog.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import {
  changePlan,
  changeSpec,
  nudge,
  readyInstance,
  relist,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world.stop());
beforeEach(async () => {
  world.broker.setCatalog(catalogWith('1.0.0'));
  await relist(world);
  world.broker.forget();
});
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  expect(world.broker.liveInstances()).toEqual([]);
});

/** The sample, whose plan `small` has this maintenance version. */
function catalogWith(version: string): CatalogDocument {
  const { services } = sampleCatalog();
  return {
    services: services.map((service) => ({
      ...service,
      plans: service.plans.map((plan) =>
        plan['name'] === 'small'
          ? { ...plan, maintenance_info: { version, description: `release ${version}` } }
          : plan,
      ),
    })),
  };
}

async function offer(version: string): Promise<void> {
  world.broker.setCatalog(catalogWith(version));
  await relist(world);
}

/** The broker moves on, and this platform does not know. A process that has just started has fetched nothing yet. */
async function moveOn(version: string): Promise<void> {
  await world.stopControllers();
  world.broker.setCatalog(catalogWith(version));
  world.broker.forget();
  world.startControllers();
}

function upgradeOf({ status }: ServiceInstance) {
  return findCondition(status?.conditions, 'UpgradeAvailable');
}

const updates = () => world.broker.requestsOf('update');
const bodyOf = (request: RecordedRequest | undefined) =>
  (request?.body ?? {}) as Readonly<Record<string, unknown>>;

describe('maintenance', () => {
  it('P46 P58 of a newer version is announced beside Ready, and done when asked for: that and nothing else', async () => {
    const before = await readyInstance(world, 'db', { parameters: { size: 1 } });
    expect(bodyOf(world.broker.requestsOf('provision')[0])['maintenance_info']).toEqual({ version: '1.0.0' });
    expect(upgradeOf(before)).toBeUndefined();
    await offer('2.0.0');
    const told = await world.instance(
      'db',
      (found) => upgradeOf(found) !== undefined,
      'is told of the upgrade',
    );
    expect(upgradeOf(told)?.message).toBe(
      'Plan "small" offers maintenance version 2.0.0 (release 2.0.0); the instance has 1.0.0. ' +
        'To upgrade it, increase spec.updateRequests and change nothing else.',
    );
    expect(isReady(told)).toBe(true);
    expect(told.status?.conditions?.at(-1)?.type).toBe('Ready');
    expect(told.status?.lastConditionState).toBe('Ready');
    expect(updates()).toEqual([]);

    await changeSpec(world, 'db', { updateRequests: 1 });
    const after = await settled(world, 'db');
    const { context, ...body } = bodyOf(updates()[0]);
    expect(context).toBeDefined();
    expect(body).toEqual({
      service_id: before.status?.externalProperties?.serviceID,
      maintenance_info: { version: '2.0.0' },
      previous_values: {
        plan_id: before.status?.externalProperties?.planID,
        maintenance_info: { version: '1.0.0' },
      },
    });
    expect(updates().length).toBe(1);
    expect(upgradeOf(after)).toBeUndefined();
    expect(after.status?.externalProperties?.maintenanceInfo?.version).toBe('2.0.0');
    await removeInstance(world, 'db');
  });

  it('costs one write per version, and none when nothing is new', async () => {
    await readyInstance(world, 'db');
    await offer('2.0.0');
    const told = await world.instance('db', (found) => upgradeOf(found) !== undefined, 'is told');
    await relist(world);
    const nudged = await nudge(world, 'db');
    await offer('3.0.0');
    const again = await world.instance(
      'db',
      (found) => upgradeOf(found)?.message.includes('3.0.0') === true,
      'is told',
    );
    expect(upgradeOf(again)?.lastTransitionTime).toBe(upgradeOf(told)?.lastTransitionTime);
    expect(nudged.status).toEqual(told.status);
    await offer('1.0.0');
    await world.instance('db', (found) => upgradeOf(found) === undefined, 'is told no more');
    await removeInstance(world, 'db');
  });

  it('waits for a bump of its own when parameters change with the first one', async () => {
    await readyInstance(world, 'db');
    await offer('2.0.0');
    await changeSpec(world, 'db', { updateRequests: 1, parameters: { size: 2 } });
    const after = await settled(world, 'db');
    expect(Object.keys(bodyOf(updates()[0]))).not.toContain('maintenance_info');
    expect(upgradeOf(after)).toBeDefined();
    await changeSpec(world, 'db', { updateRequests: 2 });
    expect(upgradeOf(await settled(world, 'db'))).toBeUndefined();
    expect(updates().length).toBe(2);
    await removeInstance(world, 'db');
  });

  it('P46 is not mentioned to a plan without it, and survives a change of plan', async () => {
    await readyInstance(world, 'db', { clusterServicePlanExternalName: 'large' });
    expect(bodyOf(world.broker.requestsOf('provision')[0])).not.toHaveProperty('maintenance_info');
    await changePlan(world, 'db', 'small');
    const after = await settled(world, 'db');
    expect(bodyOf(updates()[0])).not.toHaveProperty('maintenance_info');
    expect(upgradeOf(after)?.message).toContain('the instance has none that is known');
    await removeInstance(world, 'db');
  });
});

describe('MaintenanceInfoConflict', () => {
  it('P58 of a creation leads to one fetch of the catalog, and a retry with its version under the same id', async () => {
    await moveOn('4.0.0');
    const { status } = await readyInstance(world, 'db');
    const provisions = world.broker.requestsOf('provision');
    expect(provisions.map((request) => bodyOf(request)['maintenance_info'])).toEqual([
      { version: '1.0.0' },
      { version: '4.0.0' },
    ]);
    expect(new Set(provisions.map(({ instanceId }) => instanceId)).size).toBe(1);
    expect(world.broker.requestsOf('catalog').length).toBe(1);
    expect(status?.externalProperties?.maintenanceInfo?.version).toBe('4.0.0');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'db');
  });

  it('P58 of an upgrade does so too, and Ready is not disturbed', async () => {
    await readyInstance(world, 'db');
    await offer('2.0.0');
    await world.instance('db', (found) => upgradeOf(found) !== undefined, 'is told');
    await moveOn('3.0.0');
    await changeSpec(world, 'db', { updateRequests: 1 });
    const retrying = await world.instance('db', ({ status }) => Boolean(status?.nextAttemptTime), 'waits');
    expect(readyReason(retrying)).toBe('ProvisionedSuccessfully');
    await settled(world, 'db');
    expect(updates().map((request) => bodyOf(request)['maintenance_info'])).toEqual([
      { version: '2.0.0' },
      { version: '3.0.0' },
    ]);
    expect(world.broker.requestsOf('catalog').length).toBe(1);
    await removeInstance(world, 'db');
  });
});
