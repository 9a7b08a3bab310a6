import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/service-world.ts';

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
    expect(isReady(blocked)).toBe(true);
    await world.remove(serviceBindings, 'db');
    await world.gone(serviceBindings, 'db');
    await world.gone(serviceInstances, 'db');
    await world.gone(secrets, 'db');
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  });
});
