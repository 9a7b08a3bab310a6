import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { finalizer } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { nudge, removeInstance, settled } from './instance-actions.ts';

/** Without the admission webhook: what it would have completed is completed by the controller. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => world.broker.forget());

describe('an object that has lost its external ID', () => {
  it('gets that of its service or login back, not one of another', async () => {
    await world.stopControllers();
    await world.createInstance('lost');
    await world.createBinding('lost', 'lost');
    const ref = { namespace: world.namespace, name: 'lost' };
    const options = { type: 'merge', subresource: 'status' } as const;
    await world.client.patch(serviceInstances, ref, { status: { instanceID: 'its-id' } }, options);
    await world.client.patch(serviceBindings, ref, { status: { bindingID: 'its-login' } }, options);
    world.startControllers();
    const binding = await world.binding('lost', isReady, 'is ready');
    const instance = await world.instance('lost', isReady, 'is ready');
    expect(instance.spec.externalID).toBe('its-id');
    expect(binding.spec.externalID).toBe('its-login');
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual(['its-id']);
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual(['its-login']);
    await world.remove(serviceBindings, 'lost');
    await world.gone(serviceBindings, 'lost');
    await removeInstance(world, 'lost');
  });
});

describe('a finalizer that somebody took away', () => {
  const write = (name: string, patch: object): Promise<ServiceInstance> =>
    world.client.patch<ServiceInstance>(serviceInstances, { namespace: world.namespace, name }, patch, {
      type: 'merge',
    });

  it('comes back with the next change of the spec, so that the service goes with the object', async () => {
    await world.createInstance('changed');
    await world.instance('changed', isReady, 'is ready');
    await write('changed', { metadata: { finalizers: null }, spec: { parameters: { size: 2 } } });
    const after = await settled(world, 'changed');
    expect(after.metadata.finalizers).toEqual([finalizer]);
    await removeInstance(world, 'changed');
    expect(world.broker.liveInstances()).toEqual([]);
  });

  it('stays away when nothing else is changed, even while something is under way', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 2 });
    await world.createInstance('abandoned');
    await world.instance('abandoned', ({ status }) => status?.asyncOpInProgress === true, 'is under way');
    await write('abandoned', { metadata: { finalizers: null } });
    await nudge(world, 'abandoned');
    await waitFor(() => world.broker.requestsOf('pollInstance').length > 0);
    const after = await world.instance('abandoned', isReady, 'is ready');
    expect(after.metadata.finalizers).toBeUndefined();
    await removeInstance(world, 'abandoned');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
  });
});
