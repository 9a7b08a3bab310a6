import { findCondition } from '../../../src/api/conditions.ts';
import { instanceNamespaceAnnotation } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { changeSpec, expectCleanBroker, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

describe('an operation that goes on', () => {
  it.each(['provision', 'update', 'deprovision'] as const)(
    'says beside its own words what the broker says of it: %s',
    async (operation) => {
      const name = `told-${operation}`;
      world.broker.script({ operation }, { kind: 'async', polls: Number.POSITIVE_INFINITY });
      await world.createInstance(name);
      if (operation !== 'provision') await world.instance(name, isReady, 'is ready');
      if (operation === 'update') await changeSpec(world, name, { parameters: { size: 2 } });
      const removed = operation === 'deprovision' ? removeInstance(world, name) : undefined;
      // Of what works meanwhile the message of Ready says nothing of it.
      const type = operation === 'update' ? 'Reconciling' : 'Ready';
      const told = await world.instance(
        name,
        ({ status }) => status?.lastOperationDescription !== undefined,
        'says how it goes',
      );
      expect(findCondition(told.status?.conditions, type)?.message).toMatch(
        / is being \w+ asynchronously \(Working on it\.\)$/,
      );
      world.broker.finishPending();
      await removed;
      if (removed !== undefined) return;
      await world.instance(name, isReady, 'is ready');
      await removeInstance(world, name);
    },
  );
});

describe('a broker that is asked too often (429)', () => {
  it('is asked again when it says so, and nothing is failed meanwhile', async () => {
    const pauseSeconds = 3;
    const headers = { 'retry-after': String(pauseSeconds) };
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 429, headers });
    await world.createInstance('busy');
    const waiting = await world.instance(
      'busy',
      ({ status }) => status?.nextAttemptTime !== undefined,
      'waits',
    );
    expect(findCondition(waiting.status?.conditions, 'Reconciling')?.status).toBe('True');
    expect(isFailed(waiting)).toBe(false);
    await world.instance('busy', isReady, 'is ready');
    const [first, second, ...others] = world.broker.requestsOf('provision');
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(pauseSeconds * 1000);
    expect(others).toEqual([]);
    await removeInstance(world, 'busy');
  });
});

describe('a binding', () => {
  it('waits for an instance that is not there, or not ready, says so, and goes on by itself', async () => {
    await world.createBinding('early', 'early');
    await world.binding(
      'early',
      (binding) => readyReason(binding) === 'ReferencesNonexistentInstance',
      'says that its instance is not there',
    );
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Number.POSITIVE_INFINITY });
    await world.createInstance('early');
    await world.instance('early', ({ status }) => status?.asyncOpInProgress === true, 'is being made');
    await world.binding(
      'early',
      (binding) => readyReason(binding) === 'ErrorInstanceNotReady',
      'says that its instance is not ready',
    );
    expect(world.broker.requestsOf('bind')).toEqual([]);
    world.broker.finishPending();
    await world.binding('early', isReady, 'is ready');
    await world.remove(serviceBindings, 'early');
    await world.gone(serviceBindings, 'early');
    await removeInstance(world, 'early');
  });

  it.each(['elsewhere', ''])(
    'whose instance is said to be in namespace %j is not bound to one of that name beside it',
    async (namespace) => {
      const name = namespace === '' ? 'beside-none' : 'beside';
      const bound = () => world.broker.requestsOf('bind').length;
      const before = bound();
      await world.createInstance(name);
      await world.instance(name, isReady, 'is ready');
      await world.createBinding(name, name, {}, { [instanceNamespaceAnnotation]: namespace });
      const stalled = await world.binding(
        name,
        (binding) => readyReason(binding) === 'InstanceInOtherNamespace',
        'says that it is not bound',
      );
      expect(findCondition(stalled.status?.conditions, 'Stalled')?.status).toBe('True');
      expect(isFailed(stalled)).toBe(false);
      expect(bound()).toBe(before);
      await world.client.patch(
        serviceBindings,
        { namespace: world.namespace, name },
        { metadata: { annotations: { [instanceNamespaceAnnotation]: world.namespace } } },
        { type: 'merge' },
      );
      await world.binding(name, isReady, 'is bound once it names its own namespace');
      await world.remove(serviceBindings, name);
      await world.gone(serviceBindings, name);
      await removeInstance(world, name);
    },
  );

  it('that never was bound for that goes without a word to the broker', async () => {
    await world.createInstance('untold');
    await world.instance('untold', isReady, 'is ready');
    await world.createBinding('untold', 'untold', {}, { [instanceNamespaceAnnotation]: 'elsewhere' });
    await world.binding(
      'untold',
      (binding) => readyReason(binding) === 'InstanceInOtherNamespace',
      'says that it is not bound',
    );
    const asked = world.broker.requestsOf('unbind').length;
    await world.remove(serviceBindings, 'untold');
    await world.gone(serviceBindings, 'untold');
    expect(world.broker.requestsOf('unbind')).toHaveLength(asked);
    await removeInstance(world, 'untold');
  });

  it('of an instance that is being deleted goes on waiting, and goes without a word to the broker', async () => {
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: Number.POSITIVE_INFINITY });
    await world.createInstance('going');
    await world.instance('going', isReady, 'is ready');
    const removed = removeInstance(world, 'going');
    await waitFor(() => world.broker.requestsOf('deprovision').length === 1, {
      describe: 'the DELETE has arrived',
    });
    await world.createBinding('late', 'going');
    const late = await world.binding(
      'late',
      (binding) => readyReason(binding) === 'ErrorInstanceNotReady',
      'waits',
    );
    expect(findCondition(late.status?.conditions, 'Ready')?.message).toContain('is being deleted');
    world.broker.finishPending();
    await removed;
    await world.remove(serviceBindings, 'late');
    await world.gone(serviceBindings, 'late');
    expect(world.broker.requestsOf('bind')).toEqual([]);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
  });
});
