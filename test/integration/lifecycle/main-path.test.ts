import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { nudge } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world.stop());

describe('the main path', () => {
  it('provisions, binds into a Secret, unbinds and deprovisions', async () => {
    await world.createInstance('db');
    await world.createBinding('db', 'db');

    const instance = await world.instance('db', isReady, 'is ready');
    expect(instance.status).toMatchObject({
      observedGeneration: instance.metadata.generation,
      provisionStatus: 'Provisioned',
      deprovisionStatus: 'Required',
      lastConditionState: 'Ready',
      instanceID: instance.spec.externalID,
      userSpecifiedClassName: 'ClusterServiceClass/postgresql',
      userSpecifiedPlanName: 'small',
    });
    expect(instance.spec.clusterServicePlanRef?.name).toBeDefined();

    const binding = await world.binding('db', isReady, 'is ready');
    expect(binding.status?.binding).toEqual({ name: 'db' });
    const [live] = world.broker.liveBindings();
    const secret = await world.secret('db');
    expect(secret.type).toBe('servicebinding.io/postgresql');
    expect(live?.id).toBe(binding.status?.bindingID);

    await world.remove(serviceInstances, 'db');
    const blocked = await world.instance(
      'db',
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'DeprovisionBlockedByExistingCredentials') ===
        true,
      'waits for its binding',
    );
    expect(isReady(blocked)).toBe(false);
    await world.remove(serviceBindings, 'db');
    await world.gone(serviceBindings, 'db');
    await world.gone(serviceInstances, 'db');
    await world.gone(secrets, 'db');
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  });

  it('writes two statuses of each, besides what the webhook would have filled in, and nothing after that', async () => {
    const isUpdate = (write: string): boolean => /^(PATCH|PUT) service/.test(write);
    const before = world.writes.length;
    // A write is counted when its answer has come, which others may see the object before.
    const counted = (count: number) => waitFor(() => world.writes.length >= before + count);
    await world.createInstance('counted');
    await world.instance('counted', isReady, 'is ready');
    await counted(4);
    const instanceWrites = ['PATCH serviceinstances', 'PUT serviceinstances', 'PUT serviceinstances'];
    expect(world.writes.slice(before).filter(isUpdate)).toEqual(instanceWrites);
    await world.createBinding('counted', 'counted');
    await world.binding('counted', isReady, 'is ready');
    await counted(9);
    expect(world.writes.slice(before + 4)).toEqual([
      'POST servicebindings',
      'PATCH servicebindings',
      'PUT servicebindings',
      'POST secrets',
      'PUT servicebindings',
    ]);
    const settled = world.writes.length;
    await nudge(world, 'counted');
    await world.stopControllers();
    world.startControllers();
    await world.createInstance('later');
    await world.instance('later', isReady, 'is ready');
    // The nudge, and the POST and the three writes of the new instance.
    await waitFor(() => world.writes.length >= settled + 5);
    expect(world.writes.slice(settled).filter(isUpdate)).toHaveLength(1 + 3);
  });
});
