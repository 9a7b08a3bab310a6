import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, readyInstance, relist, removeInstance, settled } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '300ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(async () => {
  await world.broker.comeBack();
  expect(world.broker.violations).toEqual([]);
  expect(world.broker.liveInstances()).toEqual([]);
  expect(world.broker.liveBindings()).toEqual([]);
  world.broker.forget();
});

type Brokered = ServiceInstance | ServiceBinding;

/** Carried out; the answer is lost, and then the process of the broker is gone for a while. */
const vanish: Behaviour = { kind: 'vanish' };
const conflict: Behaviour = { kind: 'answer', status: 409, applies: false };
const idsOf = (operation: 'provision' | 'bind') =>
  world.broker
    .requestsOf(operation)
    .map(({ instanceId, bindingId }) => (operation === 'bind' ? bindingId : instanceId));

/** The next request goes out on a connection that has been used, as most requests of a busy controller do. */
async function warm(): Promise<void> {
  await relist(world);
}

function says(object: Brokered, text: string): boolean {
  return object.status?.conditions?.some(({ message }) => message.includes(text)) === true;
}

const isCleaning = (object: Brokered): boolean => object.status?.orphanMitigationInProgress === true;
const isRetried = (object: Brokered): boolean =>
  (object.status?.attempts ?? 0) > 0 && Boolean(object.status?.nextAttemptTime);
const isRefusedDeletion = (object: Brokered): boolean =>
  object.metadata.deletionTimestamp !== undefined && isRetried(object);

/** The process dies between the request and its answer. */
async function crashDuring(operation: 'provision' | 'bind', make: () => Promise<unknown>): Promise<void> {
  world.broker.script({ operation }, { kind: 'hang', applies: true });
  await make();
  await waitFor(() => world.broker.requestsOf(operation).length === 1, { describe: 'the request arrived' });
  await world.stopControllers();
}

describe('an instance that was made, while the answer was lost and the broker went away', () => {
  async function lost(): Promise<ServiceInstance> {
    using _ = world.undisturbed('the connection must have been used by the process that uses it next');
    await warm();
    world.broker.script({ operation: 'provision' }, vanish);
    await world.createInstance('db');
    const left = await world.instance('db', isCleaning, 'knows that something may be left');
    expect(says(left, 'may have been carried out')).toBe(true);
    expect(world.broker.liveInstances()).toHaveLength(1);
    return left;
  }

  it('is deleted at the broker when the object is deleted meanwhile', async () => {
    await lost();
    await world.remove(serviceInstances, 'db');
    await world.instance('db', isRefusedDeletion, 'waits for the broker');
    await world.broker.comeBack();
    await world.gone(serviceInstances, 'db');
    expect(idsOf('provision')).toHaveLength(1);
  });

  it('is deleted before another one is made, when the broker is back', async () => {
    const left = await lost();
    await world.broker.comeBack();
    const ready = await world.instance('db', isReady, 'is ready');
    expect(idsOf('provision')).toEqual([left.status?.instanceID, ready.status?.instanceID]);
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([ready.status?.instanceID]);
    await removeInstance(world, 'db');
  });
});

describe('a binding that was made, while the answer was lost and the broker went away', () => {
  beforeEach(() => readyInstance(world, 'db'));

  async function lost(): Promise<ServiceBinding> {
    using _ = world.undisturbed('the connection must have been used by the process that uses it next');
    await warm();
    world.broker.script({ operation: 'bind' }, vanish);
    await world.createBinding('login', 'db');
    const left = await world.binding('login', isCleaning, 'knows that something may be left');
    expect(world.broker.liveBindings()).toHaveLength(1);
    return left;
  }

  it('is unbound when the object is deleted meanwhile', async () => {
    await lost();
    await world.remove(serviceBindings, 'login');
    await world.binding('login', isRefusedDeletion, 'waits for the broker');
    await world.broker.comeBack();
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });

  it('is unbound before another one is made, when the broker is back', async () => {
    const left = await lost();
    await world.broker.comeBack();
    const ready = await world.binding('login', isReady, 'is ready');
    expect(idsOf('bind')).toEqual([left.status?.bindingID, ready.status?.bindingID]);
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual([ready.status?.bindingID]);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });
});

describe('an update that was carried out, while the answer was lost and the broker went away', () => {
  it.each<[string, Behaviour | undefined]>([
    ['taken back meanwhile', undefined],
    ['taken back, after the second try was refused for now', { kind: 'answer', status: 429 }],
    ['taken back, after the second try was refused for good', { kind: 'answer', status: 400 }],
  ])('is undone at the broker when it is %s', async (_name, second) => {
    await readyInstance(world, 'db', { parameters: { size: 1 } });
    await warm();
    world.broker.script({ operation: 'update' }, vanish);
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await world.instance('db', (db) => isRetried(db) && says(db, 'update call failed'), 'is tried again');
    if (second !== undefined) {
      world.broker.script({ operation: 'update' }, second, 'always');
      await world.broker.comeBack();
      await world.instance(
        'db',
        (db) => says(db, `answered ${second.kind === 'answer' ? second.status : ''}`),
        'is refused',
      );
      await waitFor(() => world.broker.requestsOf('update').length > 1, { describe: 'a second try' });
    }
    await changeSpec(world, 'db', { parameters: { size: 1 } });
    world.broker.forget();
    await world.broker.comeBack();
    expect(isReady(await settled(world, 'db'))).toBe(true);
    expect(world.broker.liveInstances().map(({ parameters }) => parameters)).toEqual([{ size: 1 }]);
    await removeInstance(world, 'db');
  });
});

describe('a deletion that was carried out, while the answer was lost and the broker went away', () => {
  it('is asked for again, until the broker says that it has nothing', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await warm();
    world.broker.script({ operation: 'unbind' }, vanish);
    await world.remove(serviceBindings, 'login');
    await world.binding('login', isRefusedDeletion, 'waits for the broker');
    await world.broker.comeBack();
    await world.gone(serviceBindings, 'login');
    await warm();
    world.broker.script({ operation: 'deprovision' }, vanish);
    await world.remove(serviceInstances, 'db');
    await world.instance('db', isRefusedDeletion, 'waits for the broker');
    await world.broker.comeBack();
    await world.gone(serviceInstances, 'db');
    for (const operation of ['unbind', 'deprovision'] as const) {
      expect(world.broker.requestsOf(operation).at(-1)?.status).toBe(410);
    }
  });
});

describe('409 to a PUT that went out twice', () => {
  it('is waited out: the instance of the first one is the one that is ready', async () => {
    await crashDuring('provision', () => world.createInstance('db'));
    const script = world.broker.script({ operation: 'provision' }, conflict, 'always');
    world.startControllers();
    const busy = await world.instance('db', isRetried, 'tries again');
    expect(says(busy, 'An earlier attempt may have left an instance')).toBe(true);
    expect(isFailed(busy)).toBe(false);
    script.cancel();
    const ready = await world.instance('db', isReady, 'is ready');
    expect(new Set(idsOf('provision'))).toEqual(new Set([ready.status?.instanceID]));
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'db');
  });

  it('is waited out: the credentials of the first bind are the ones that are stored', async () => {
    await readyInstance(world, 'db');
    await crashDuring('bind', () => world.createBinding('login', 'db'));
    const script = world.broker.script({ operation: 'bind' }, conflict, 'always');
    world.startControllers();
    await world.binding('login', isRetried, 'tries again');
    script.cancel();
    const ready = await world.binding('login', isReady, 'is ready');
    expect(new Set(idsOf('bind'))).toEqual(new Set([ready.status?.bindingID]));
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });

  it('after a crash leaves nothing behind when the objects are deleted', async () => {
    await readyInstance(world, 'db');
    await crashDuring('bind', () => world.createBinding('login', 'db'));
    world.broker.script({ operation: 'bind' }, conflict, 'always');
    world.startControllers();
    await world.binding('login', isRetried, 'tries again');
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');

    world.broker.forget();
    await crashDuring('provision', () => world.createInstance('db'));
    world.broker.script({ operation: 'provision' }, conflict, 'always');
    world.startControllers();
    await world.instance('db', isRetried, 'tries again');
    await removeInstance(world, 'db');
    expect(world.broker.requestsOf('deprovision')).toHaveLength(1);
  });

  it('because its connection died leaves nothing behind when the object is deleted', async () => {
    using _ = world.undisturbed('the connection must have been used by the process that uses it next');
    await warm();
    world.broker.script({ operation: 'provision' }, { kind: 'reset', applies: true });
    world.broker.script({ operation: 'provision' }, conflict, 'always');
    await world.createInstance('db');
    await world.instance('db', isRetried, 'tries again');
    await removeInstance(world, 'db');
    expect(new Set(idsOf('provision')).size).toBe(1);
    expect(world.broker.requestsOf('deprovision')).toHaveLength(1);
  });
});

describe('what a first answer of 200 says was there before', () => {
  it.each<[string, Behaviour]>([
    ['5xx', { kind: 'answer', status: 500, applies: false }],
    ['no answer', { kind: 'reset', applies: false }],
  ])('is not deleted as an orphan when the next one is %s', async (_name, second) => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 200, rawBody: '<html>' });
    world.broker.script({ operation: 'provision' }, second, 2);
    await world.createInstance('db');
    const ready = await world.instance('db', isReady, 'is ready');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    expect(new Set(idsOf('provision'))).toEqual(new Set([ready.status?.instanceID]));
    expect(ready.status?.existedBefore).toBeUndefined();
    await removeInstance(world, 'db');
  });
});
