import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { waitFor } from '../../support/wait-for.ts';
import { expectCleanBroker, readyInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const deletions = () => world.broker.requestsOf('deprovision').length;
const polls = () => world.broker.requestsOf('pollInstance').length;
const isPolled = ({ status }: ServiceInstance) => status?.asyncOpInProgress === true;

async function restart(): Promise<void> {
  await world.stopControllers();
  world.startControllers();
}

/** A binding to an instance that is being deleted, and that has been looked at. */
async function lateBinding(): Promise<ServiceBinding> {
  await world.createBinding('late', 'db');
  return world.binding('late', (late) => readyReason(late) === 'ErrorInstanceNotReady', 'waits');
}

/** It says what it waits for now, and nothing keeps it. */
async function expectLeftAlone(): Promise<void> {
  const isLeft = (late: ServiceBinding) => readyReason(late) === 'ReferencesNonexistentInstance';
  await world.binding('late', isLeft, 'misses its instance');
  await world.remove(serviceBindings, 'late');
  await world.gone(serviceBindings, 'late');
  expect(world.broker.requestsOf('bind', 'late')).toEqual([]);
}

describe('a deletion that the broker has accepted', () => {
  it.each<[string, () => Promise<void>]>([
    ['', async () => undefined],
    [' and a restart', restart],
  ])('is polled to its end whatever binding appears meanwhile%s', async (_name, meanwhile) => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: Infinity });
    await world.remove(serviceInstances, 'db');
    await world.instance('db', isPolled, 'is polled');
    const late = await lateBinding();
    expect(late.status?.conditions?.at(-1)?.message).toContain('is being deleted');
    await meanwhile();
    const before = polls();
    await waitFor(() => polls() > before + 2, { describe: 'polling goes on' });
    world.broker.finishPending();
    await world.gone(serviceInstances, 'db');
    expect(deletions()).toBe(1);
    await expectLeftAlone();
  });

  it('and then says has failed is asked for again', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 3, result: 'failed' });
    await world.remove(serviceInstances, 'db');
    await world.instance('db', isPolled, 'is polled');
    await lateBinding();
    await world.gone(serviceInstances, 'db');
    expect(deletions()).toBe(2);
    await expectLeftAlone();
  });
});

describe('a deletion that the broker has refused', () => {
  it.each<[string, Behaviour]>([
    ['400', { kind: 'answer', status: 400 }],
    ['422', { kind: 'answer', status: 422 }],
    ['500', { kind: 'answer', status: 500 }],
  ])('with %s is asked for again though a binding waits, also after a restart', async (_name, refusal) => {
    await readyInstance(world, 'db');
    const script = world.broker.script({ operation: 'deprovision' }, refusal, 'always');
    await world.remove(serviceInstances, 'db');
    await waitFor(() => deletions() > 0, { describe: 'the first refusal' });
    await lateBinding();
    await restart();
    const before = deletions();
    await waitFor(() => deletions() > before + 1, { describe: 'it is asked for again' });
    script.cancel();
    await world.gone(serviceInstances, 'db');
    await expectLeftAlone();
  });

  it('of an instance that was still being made is asked for again though a binding waits', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity, interruptible: true });
    const script = world.broker.script(
      { operation: 'deprovision' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('db');
    await world.instance('db', isPolled, 'is polled');
    await world.remove(serviceInstances, 'db');
    await waitFor(() => deletions() > 0, { describe: 'the first refusal' });
    await lateBinding();
    const before = deletions();
    await waitFor(() => deletions() > before + 1, { describe: 'it is asked for again' });
    script.cancel();
    await world.gone(serviceInstances, 'db');
    await expectLeftAlone();
  });
});

describe('an instance that waits for the bindings it had', () => {
  it('is deleted when they are gone, whoever came too late', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await world.remove(serviceInstances, 'db');
    const isBlocked = (db: ServiceInstance) => readyReason(db) === 'DeprovisionBlockedByExistingCredentials';
    const blocked = await world.instance('db', isBlocked, 'waits for its binding');
    expect(blocked.status?.conditions?.at(-1)?.message).toContain('login');
    // Creation and deletion are told to the second.
    const deletedMs = Date.parse(blocked.metadata.deletionTimestamp ?? '');
    await waitFor(() => Date.now() > deletedMs + 1000, { describe: 'the next second' });
    await lateBinding();
    await restart();
    expect(deletions()).toBe(0);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceInstances, 'db');
    await expectLeftAlone();
  });
});
