import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, expectCleanBroker, readyInstance, removeInstance, settled } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const isPolled = ({ status }: ServiceInstance) => status?.asyncOpInProgress === true;
const endless: Behaviour = { kind: 'async', polls: Infinity, interruptible: true };
const failing: readonly [string, Behaviour][] = [
  ['at once', { kind: 'answer', status: 500, body: { description: 'The disk is stuck' } }],
  ['after a 202', { kind: 'async', polls: 1, result: 'failed', description: 'The disk is stuck' }],
];

describe('B5: a spec that is edited while the creation runs', () => {
  it('is sent as an update after the end of that, and the last one wins', async () => {
    world.broker.script({ operation: 'provision' }, endless);
    await world.createInstance('db', { parameters: { size: 1 } });
    await world.instance('db', isPolled, 'is polled');
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await changeSpec(world, 'db', { parameters: { size: 3 } });
    expect(world.broker.requestsOf('update')).toEqual([]);
    world.broker.finishPending();
    await settled(world, 'db');
    expect(world.broker.liveInstances().map(({ parameters }) => parameters)).toEqual([{ size: 3 }]);
    await removeInstance(world, 'db');
  });
});

describe('B6: a deletion', () => {
  it.each(['provision', 'update'] as const)(
    'while the broker is at a %s leaves nothing',
    async (operation) => {
      if (operation === 'update') await readyInstance(world, 'db');
      world.broker.script({ operation }, endless);
      if (operation === 'update') await changeSpec(world, 'db', { parameters: { size: 2 } });
      else await world.createInstance('db');
      await world.instance('db', isPolled, 'is polled');
      await removeInstance(world, 'db');
      expect(world.broker.liveInstances()).toEqual([]);
    },
  );
});

describe('B7: an update that fails', () => {
  it.each<[string, Behaviour]>([
    ['at once', { kind: 'answer', status: 400 }],
    ['after a 202', { kind: 'async', polls: 1, result: 'failed' }],
  ])('%s leaves the instance ready, and it can be bound', async (_when, behaviour) => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, behaviour);
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    const failed = await settled(world, 'db');
    expect(findCondition(failed.status?.conditions, 'Stalled')?.reason).toBe('UpdateInstanceCallFailed');
    expect(isReady(failed)).toBe(true);
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });
});

describe('B8: a DELETE that fails', () => {
  it.each(failing)('%s keeps the instance, says why, and is sent again', async (_when, behaviour) => {
    await readyInstance(world, 'db');
    const script = world.broker.script({ operation: 'deprovision' }, behaviour, 'always');
    await world.remove(serviceInstances, 'db');
    const isTold = ({ status }: ServiceInstance) =>
      findCondition(status?.conditions, 'Ready')?.message.includes('The disk is stuck') === true;
    await world.instance('db', isTold, 'says why');
    const before = world.broker.requestsOf('deprovision').length;
    await waitFor(() => world.broker.requestsOf('deprovision').length > before, {
      describe: 'it is sent again',
    });
    script.cancel();
    await world.gone(serviceInstances, 'db');
  });

  it.each(failing)(
    '%s keeps the binding and its Secret, says why, and is sent again',
    async (_when, behaviour) => {
      await readyInstance(world, 'db');
      await world.createBinding('login', 'db');
      await world.binding('login', isReady, 'is ready');
      const script = world.broker.script({ operation: 'unbind' }, behaviour, 'always');
      await world.remove(serviceBindings, 'login');
      await world.binding(
        'login',
        ({ status }) =>
          findCondition(status?.conditions, 'Ready')?.message.includes('The disk is stuck') === true,
        'says why',
      );
      expect(await world.find(secrets, 'login')).toBeDefined();
      const before = world.broker.requestsOf('unbind').length;
      await waitFor(() => world.broker.requestsOf('unbind').length > before, {
        describe: 'it is sent again',
      });
      script.cancel();
      await world.gone(serviceBindings, 'login');
      expect(await world.find(secrets, 'login')).toBeUndefined();
      await removeInstance(world, 'db');
    },
  );
});

describe('B9: a poll of a deletion', () => {
  it('that is answered with an error is made again, and one with 410 is the end', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 1, result: 'gone' });
    world.broker.script({ operation: 'pollInstance' }, { kind: 'answer', status: 500 }, 2);
    await removeInstance(world, 'db');
    expect(world.broker.requestsOf('pollInstance').length).toBeGreaterThan(2);
  });

  it('that is answered with 404 is believed after another DELETE, which finds nothing', async () => {
    await readyInstance(world, 'db');
    world.broker.script(
      { operation: 'deprovision' },
      { kind: 'answer', status: 202, body: {}, applies: true },
    );
    world.broker.script({ operation: 'pollInstance' }, { kind: 'answer', status: 404 }, 1);
    await removeInstance(world, 'db');
    expect(world.broker.requestsOf('deprovision').map(({ status }) => status)).toEqual([202, 410]);
  });
});
