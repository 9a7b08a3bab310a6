import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { findCondition, isConditionTrue } from '../../../src/api/conditions.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { changeSpec, expectCleanBroker, readyInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '500ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

type Brokered = ServiceInstance | ServiceBinding;

const slow: Behaviour = { kind: 'delay', ms: 500 };
const polled: Behaviour = { kind: 'async', polls: 4 };
const refused: Behaviour = { kind: 'answer', status: 500 };
/** Several times, since a busy machine may look too late for one. */
const refusals = 4;

function times(behaviour: Behaviour): number {
  return behaviour === refused ? refusals : 1;
}

/** As the last line of `svcat get` and its wait loops read it. */
function readsAsDone({ status }: Brokered): boolean {
  const isOver =
    isConditionTrue(status?.conditions, 'Ready') || isConditionTrue(status?.conditions, 'Failed');
  return isOver && status?.asyncOpInProgress !== true;
}

/** What can be read of an object from the moment that its deletion has been noticed, until `isOver`. */
async function readUntil<T extends Brokered>(
  read: (condition: (object: T) => boolean, what: string) => Promise<T>,
  reason: string,
): Promise<T> {
  const early: T[] = [];
  const found = await read((object) => {
    const { metadata, status } = object;
    const isNoticed =
      metadata.deletionTimestamp !== undefined && status?.observedGeneration === metadata.generation;
    if (isNoticed) early.push(object);
    return isNoticed && readyReason(object) === reason;
  }, `is not ready: ${reason}`);
  expect(early.filter(readsAsDone)).toEqual([]);
  return found;
}

function expectLast(object: Brokered, status: 'False' | 'Unknown', reason: string): void {
  expect(object.status?.conditions?.at(-1)).toMatchObject({ type: 'Ready', status, reason });
  expect(object.status?.lastConditionState).toBe(reason);
  // Work goes on: kstatus and Argo CD read no failure.
  expect(isConditionTrue(object.status?.conditions, 'Reconciling')).toBe(true);
  expect(findCondition(object.status?.conditions, 'Failed')).toBeUndefined();
}

describe('an instance that is being deleted', () => {
  const read = (condition: (db: ServiceInstance) => boolean, what: string) =>
    world.instance('db', condition, what);

  it.each<[string, Behaviour, 'False' | 'Unknown', string]>([
    ['while the request is answered', slow, 'False', 'DeprovisionRequestInFlight'],
    ['while it is polled', polled, 'False', 'Deprovisioning'],
    ['while the broker does not do it', refused, 'Unknown', 'DeprovisionCallFailed'],
  ])('is not Ready %s', async (_name, behaviour, status, reason) => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, behaviour, times(behaviour));
    await world.remove(serviceInstances, 'db');
    expectLast(await readUntil(read, reason), status, reason);
    await world.gone(serviceInstances, 'db');
  });

  it('is not Ready while it waits for its bindings', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await world.remove(serviceInstances, 'db');
    const reason = 'DeprovisionBlockedByExistingCredentials';
    expectLast(await readUntil(read, reason), 'False', reason);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceInstances, 'db');
  });

  it('is not Ready while an update of what was ready goes on', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'async', polls: 6 });
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    const isUpdated = (db: ServiceInstance) => db.status?.asyncOpInProgress === true && isReady(db);
    await world.instance('db', isUpdated, 'is updated, and ready');
    world.broker.script({ operation: 'deprovision' }, { kind: 'delay', ms: 300 });
    await world.remove(serviceInstances, 'db');
    expectLast(await readUntil(read, 'DeprovisionRequestInFlight'), 'False', 'DeprovisionRequestInFlight');
    expectLast(await readUntil(read, 'DeprovisionCallFailed'), 'Unknown', 'DeprovisionCallFailed');
    await world.gone(serviceInstances, 'db');
  });
});

describe('a binding that is being deleted', () => {
  beforeEach(() => readyInstance(world, 'db'));
  const read = (condition: (login: ServiceBinding) => boolean, what: string) =>
    world.binding('login', condition, what);

  it.each<[string, Behaviour, 'False' | 'Unknown', string]>([
    ['while the request is answered', slow, 'False', 'UnbindingRequestInFlight'],
    ['while it is polled', polled, 'False', 'Unbinding'],
    ['while the broker does not do it', refused, 'Unknown', 'UnbindCallFailed'],
  ])('is not Ready %s', async (_name, behaviour, status, reason) => {
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    world.broker.script({ operation: 'unbind' }, behaviour, times(behaviour));
    await world.remove(serviceBindings, 'login');
    expectLast(await readUntil(read, reason), status, reason);
    await world.gone(serviceBindings, 'login');
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceInstances, 'db');
  });
});
