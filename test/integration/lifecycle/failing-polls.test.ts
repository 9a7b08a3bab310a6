import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { events } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, expectCleanBroker, readyInstance, removeInstance, settled } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '20ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

interface Event extends KubeObject {
  readonly reason?: string;
  readonly type?: string;
  readonly regarding?: { readonly uid?: string };
  readonly involvedObject?: { readonly uid?: string };
}

/** Waits until the object has an event with this reason; returns its type. */
async function eventOf(object: KubeObject, reason: string): Promise<string | undefined> {
  const found = await waitFor(
    async () => {
      const { items } = await world.client.list<Event>(events, { namespace: world.namespace });
      return items.find(
        (event) =>
          event.reason === reason && (event.regarding ?? event.involvedObject)?.uid === object.metadata.uid,
      );
    },
    { describe: `an event ${reason}` },
  );
  return found.type;
}

const polls = (operation: 'pollInstance' | 'pollBinding') => world.broker.requestsOf(operation).length;
const doing = ({ status }: ServiceInstance | ServiceBinding) =>
  findCondition(status?.conditions, 'Reconciling');
const isTold = (object: ServiceInstance | ServiceBinding) =>
  doing(object)?.reason === 'ErrorPollingLastOperation';

const endless: Behaviour = { kind: 'async', polls: Infinity };
const nuisances: readonly (readonly [string, Behaviour, string])[] = [
  ['400', { kind: 'answer', status: 400 }, '400 Bad Request'],
  ['500', { kind: 'answer', status: 500 }, '500 Internal Server Error'],
  ['404', { kind: 'answer', status: 404 }, '404'],
  ['410', { kind: 'answer', status: 410, body: {} }, '410'],
  ['garbage', { kind: 'answer', rawBody: '<html>' }, 'can not be read'],
];

describe('polls of a creation that are answered with', () => {
  it.each(nuisances)('%s for a while are told, and so is that they work again', async (_name, bad, words) => {
    world.broker.script({ operation: 'provision' }, endless);
    const script = world.broker.script({ operation: 'pollInstance' }, bad, 'always');
    await world.createInstance('db');
    const told = await world.instance('db', isTold, 'says that polls fail');
    expect(told.status?.conditions?.at(-1)).toMatchObject({
      type: 'Ready',
      status: 'False',
      reason: 'ErrorPollingLastOperation',
      message: expect.stringContaining(words) as unknown,
    });
    expect(await eventOf(told, 'ErrorPollingLastOperation')).toBe('Warning');
    const before = polls('pollInstance');
    await waitFor(() => polls('pollInstance') > before + 1, { describe: 'polling goes on' });
    script.cancel();
    const again = await world.instance('db', (db) => readyReason(db) === 'Provisioning', 'goes on');
    expect(doing(again)).toMatchObject({ reason: 'Provisioning' });
    world.broker.finishPending();
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });

  it('500 once or twice are not told', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1 });
    world.broker.script({ operation: 'pollInstance' }, { kind: 'answer', status: 500 }, 2);
    const seen: (string | undefined)[] = [];
    await world.createInstance('db');
    await world.instance('db', (db) => seen.push(doing(db)?.reason) > 0 && isReady(db), 'is ready');
    expect(seen).not.toContain('ErrorPollingLastOperation');
    await removeInstance(world, 'db');
  });

  it('500 for long cost a few writes and no more', async () => {
    world.broker.script({ operation: 'provision' }, endless);
    const script = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('db');
    await world.instance('db', isTold, 'says that polls fail');
    const before = { polls: polls('pollInstance'), writes: world.writes.length };
    await waitFor(() => polls('pollInstance') > before.polls + 40, { describe: '40 more polls' });
    expect(world.writes.length - before.writes).toBeLessThan(10);
    script.cancel();
    world.broker.finishPending();
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });
});

describe('polls that fail', () => {
  it('of an update are told, and the instance stays ready', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, endless);
    const script = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    const told = await world.instance('db', isTold, 'says that polls fail');
    expect(isReady(told)).toBe(true);
    expect(await eventOf(told, 'UpdatingInstance')).toBe('Normal');
    script.cancel();
    await world.instance('db', (db) => doing(db)?.reason === 'UpdatingInstance', 'goes on');
    world.broker.finishPending();
    await settled(world, 'db');
    await removeInstance(world, 'db');
  });

  it('of a deletion are told, and it goes on until it has ended', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, endless);
    const script = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.remove(serviceInstances, 'db');
    const told = await world.instance('db', isTold, 'says that polls fail');
    expect(readyReason(told)).toBe('ErrorPollingLastOperation');
    expect(await eventOf(told, 'Deprovisioning')).toBe('Normal');
    script.cancel();
    await world.instance('db', (db) => readyReason(db) === 'Deprovisioning', 'goes on');
    world.broker.finishPending();
    await world.gone(serviceInstances, 'db');
  });

  it('of a bind and an unbind are told', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'bind' }, endless);
    const binds = world.broker.script(
      { operation: 'pollBinding' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createBinding('login', 'db');
    const bound = await world.binding('login', isTold, 'says that polls fail');
    expect(await eventOf(bound, 'Binding')).toBe('Normal');
    binds.cancel();
    world.broker.finishPending();
    await world.binding('login', isReady, 'is ready');
    world.broker.script({ operation: 'unbind' }, endless);
    const unbinds = world.broker.script(
      { operation: 'pollBinding' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.remove(serviceBindings, 'login');
    const unbound = await world.binding('login', isTold, 'says that polls fail');
    expect(await eventOf(unbound, 'Unbinding')).toBe('Normal');
    unbinds.cancel();
    world.broker.finishPending();
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });

  it('of a clean-up are told, and its cause is kept', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500, applies: true });
    world.broker.script({ operation: 'deprovision' }, endless);
    const script = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 503 },
      'always',
    );
    await world.createInstance('db');
    const told = await world.instance('db', isTold, 'says that polls fail');
    expect(findCondition(told.status?.conditions, 'OrphanMitigation')?.message).toContain('500 Internal');
    script.cancel();
    world.broker.finishPending();
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });

  it('because nobody can be asked are told, also after a restart', async () => {
    world.broker.script({ operation: 'provision' }, endless);
    await world.createInstance('db');
    await world.instance('db', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    world.broker.goDown();
    await world.instance('db', isTold, 'says that polls fail');
    await world.stopControllers();
    await world.broker.comeBack();
    world.startControllers();
    await world.instance('db', (db) => doing(db)?.reason === 'Provisioning', 'goes on');
    world.broker.finishPending();
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });
});
