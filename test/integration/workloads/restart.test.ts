import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { deployments } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { hasty } from './kept-services.ts';
import { asking, deploy, requestedFor, inUse, isKept, lookAround } from './requested-services.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: hasty });
}, 90_000);
afterAll(() => world?.stop());

describe('a service that was requested by annotation', () => {
  it('survives a restart of the controller', async () => {
    const instance = await inUse(world, 'restart', 'restart');
    await world.stopControllers();
    world.startControllers();
    await lookAround(world);
    await isKept(world, instance);
  });

  it('survives that the controller is killed', async () => {
    const instance = await inUse(world, 'killed', 'killed');
    await world.killControllers();
    world.startControllers();
    await lookAround(world);
    await isKept(world, instance);
  });

  it('survives that a standby takes over', async () => {
    await world.stopControllers();
    const leader = world.startRole('leader', { leaderElect: 'true' });
    const instance = await inUse(world, 'standby', 'standby');
    const standby = world.startRole('standby', { leaderElect: 'true' });
    try {
      await leader.abandon();
      await lookAround(world);
      await isKept(world, instance);
    } finally {
      await standby.stop();
      world.startControllers();
    }
  });

  it('is made when the workload was created while no controller ran', async () => {
    await world.stopControllers();
    await deploy(world, 'early', asking('early'));
    world.startControllers();
    await world.binding(requestedFor(world.namespace, 'early', 'early').login, isReady, 'is ready');
  });

  it('is taken away when its last workload went while no controller ran', async () => {
    const { metadata, status } = await inUse(world, 'late', 'late');
    await world.stopControllers();
    await world.remove(deployments, 'late');
    await world.gone(deployments, 'late');
    world.startControllers();
    await world.gone(serviceBindings, requestedFor(world.namespace, 'late', 'late').login);
    await world.gone(serviceInstances, metadata.name);
    const taken = world.broker.requestsOf('deprovision');
    expect(taken.filter(({ instanceId }) => instanceId === status?.instanceID)).toHaveLength(1);
    expect(world.broker.violations).toEqual([]);
  });
});
