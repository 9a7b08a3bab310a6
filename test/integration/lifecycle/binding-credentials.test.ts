import { renewAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isConditionTrue } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { secrets } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { BinderyProcess } from '../../../demo/bindery-process.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { HeldWrites } from './held-writes.ts';

let world: ServiceWorld;
let bindery: BinderyProcess;
let held: HeldWrites | undefined;
beforeAll(async () => {
  // Nothing is shown twice: whoever loses credentials here has lost them for good.
  world = await ServiceWorld.start({ controllers: 'none', credentialsOnce: true });
  bindery = await start();
  await world.register();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  await world.createInstance('cache', {
    clusterServiceClassExternalName: 'cache',
    clusterServicePlanExternalName: 'default',
  });
  await world.instance('cache', isReady, 'is ready');
}, 90_000);
afterAll(async () => {
  await bindery?.stop();
  await world?.stop();
});
afterEach(async () => {
  await held?.end();
  held = undefined;
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

function start(): Promise<BinderyProcess> {
  const { kubeconfig } = world.controlPlane;
  const args = ['--leader-elect=false', '--max-retry-interval=1s', '--secret-check-interval=500ms'];
  return BinderyProcess.start({ kubeconfig, args, signal: AbortSignal.timeout(60_000) });
}

const isCredentials = ({ kind }: KubeObject): boolean => kind === 'Secret';
const isBound = (object: KubeObject): boolean => object.kind === 'ServiceBinding' && isReady(object);

/** The process dies while the API server holds its write, and that write is never done. */
async function killDuring(
  holds: (object: KubeObject) => boolean,
  act: () => Promise<unknown>,
): Promise<void> {
  held = await HeldWrites.start(world, holds);
  await act();
  await held.held();
  await bindery.kill();
  await bindery.stop();
  await held.end();
  held = undefined;
}

/** Whatever happened: one binding at the broker, its credentials in the Secret; then nothing is left. */
async function expectUsable(name: string): Promise<ServiceBinding> {
  const ready = await world.binding(name, isReady, 'is ready');
  const [live, ...others] = world.broker.liveBindings();
  expect(others).toEqual([]);
  expect(live?.id).toBe(ready.status?.bindingID);
  expect((await world.secret(name))['password']).toBe(live?.credentials['password']);
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
  await world.gone(secrets, name);
  expect(world.broker.liveBindings()).toEqual([]);
  return ready;
}

describe('P62: a process that is killed between the answer and the write of the Secret', () => {
  it('of a bind that is done at once: the binding is made anew, and the lost one unbound', async () => {
    await killDuring(isCredentials, () => world.createBinding('sync', 'db'));
    expect(await world.find(secrets, 'sync')).toBeUndefined();
    bindery = await start();
    const ready = await expectUsable('sync');
    expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
  }, 60_000);

  it('P34 of a fetch: the binding is made anew, and the lost one unbound', async () => {
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 0 });
    await killDuring(isCredentials, () => world.createBinding('fetched', 'db'));
    expect(world.broker.requestsOf('getBinding')).toHaveLength(1);
    bindery = await start();
    const ready = await expectUsable('fetched');
    expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
  }, 60_000);

  it('P34 of a fetch that is answered with 404 the second time: the same', async () => {
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 0 });
    const created = await killDuringFetch('absent');
    const lost = { operation: 'getBinding', bindingId: created.status?.bindingID ?? '' } as const;
    world.broker.script(lost, { kind: 'answer', status: 404 }, 'always');
    bindery = await start();
    const ready = await expectUsable('absent');
    expect(ready.status?.bindingID).not.toBe(created.status?.bindingID);
  }, 60_000);

  it('of a bind that was deleted meanwhile: it is unbound', async () => {
    await killDuring(isCredentials, () => world.createBinding('deleted', 'db'));
    await world.remove(serviceBindings, 'deleted');
    bindery = await start();
    await world.gone(serviceBindings, 'deleted');
    expect(world.broker.liveBindings()).toEqual([]);
  }, 60_000);

  async function killDuringFetch(name: string): Promise<ServiceBinding> {
    await killDuring(isCredentials, () => world.createBinding(name, 'db'));
    return world.binding(name, ({ status }) => status?.currentOperation === 'Fetch', 'was being fetched');
  }
});

describe('H43: a process that is killed between the write of the Secret and that of the status', () => {
  it.each([
    ['of a bind that is done at once', 'kept', undefined],
    ['of a fetch', 'kept-fetch', { kind: 'async', polls: 0 } as const],
  ])(
    '%s: the first copy counts, and no later answer without credentials empties it',
    async (_case, name, behaviour) => {
      if (behaviour !== undefined) world.broker.script({ operation: 'bind' }, behaviour);
      await killDuring(isBound, () => world.createBinding(name, 'db'));
      const first = await world.secret(name);
      bindery = await start();
      const ready = await world.binding(name, isReady, 'is ready');
      expect(await world.secret(name)).toEqual(first);
      expect(ready.status?.bindingID).toBe(ready.spec.externalID);
      expect(world.broker.requestsOf('unbind')).toEqual([]);
      await expectUsable(name);
    },
    60_000,
  );
});

describe('a Secret that somebody deletes, of a broker that hands credentials out once', () => {
  const renewing = { [renewAnnotation]: 'when-lost' };

  it('before the status is written, and the process is killed: the binding is made anew, and the lost one unbound', async () => {
    await killDuring(isBound, () => world.createBinding('deleted-early', 'db'));
    await world.remove(secrets, 'deleted-early');
    bindery = await start();
    const ready = await expectUsable('deleted-early');
    expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
  }, 60_000);

  it('before the status is written, and the process lives: it is not ready for long, and another login may be made', async () => {
    held = await HeldWrites.start(world, isBound);
    await world.createBinding('deleted-late', 'cache');
    await held.held();
    await world.remove(secrets, 'deleted-late');
    await held.release();
    await world.binding('deleted-late', (each) => readyReason(each) === 'SecretLost', 'is lost');
    const ref = { namespace: world.namespace, name: 'deleted-late' };
    const patch = { metadata: { annotations: renewing } };
    await world.client.patch(serviceBindings, ref, patch, { type: 'merge' });
    await expectRenewed('deleted-late');
  }, 90_000);

  it('and whose new login is lost with the process: that one is unbound, too, and another one made', async () => {
    await world.createBinding('lost-again', 'cache', {}, renewing);
    await world.binding('lost-again', isReady, 'is ready');
    await killDuring(isCredentials, () => world.remove(secrets, 'lost-again'));
    expect(world.broker.liveBindings()).toHaveLength(2);
    bindery = await start();
    await expectRenewed('lost-again');
  }, 90_000);

  it('and whose process is killed before the new login is on record as made: the same', async () => {
    await world.createBinding('lost-late', 'cache', {}, renewing);
    await world.binding('lost-late', isReady, 'is ready');
    await killDuring(isBound, () => world.remove(secrets, 'lost-late'));
    await world.remove(secrets, 'lost-late');
    bindery = await start();
    await expectRenewed('lost-late');
  }, 90_000);

  /** The login of before goes after the new one is there. */
  async function expectRenewed(name: string): Promise<void> {
    await world.binding(
      name,
      (each) => isReady(each) && each.status?.replacedBindings === undefined && isRenewed(each),
      'has one login',
    );
    await expectUsable(name);
  }
  const isRenewed = ({ spec, status }: ServiceBinding): boolean => status?.bindingID !== spec.externalID;
});

describe('P62: a Secret whose write is not answered', () => {
  it('is told of and paced, costs the broker nothing meanwhile, and is written when it can be', async () => {
    held = await HeldWrites.start(world, isCredentials);
    await world.createBinding('unanswered', 'db');
    await held.held();
    const told = await world.binding(
      'unanswered',
      (binding) => readyReason(binding) === 'ErrorInjectingBindResult',
      'says that the Secret can not be written',
    );
    expect(told.status?.attempts).toBeGreaterThan(0);
    // Held by nobody now: from here on a dry run is refused, and the broker not asked again.
    await world.binding('unanswered', ({ status }) => (status?.attempts ?? 0) > 2, 'is tried again');
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    await held.release();
    await expectUsable('unanswered');
  }, 90_000);
});

describe('P62: a process that is asked to stop between the answer and the write of the Secret', () => {
  it('stores the credentials before it ends', async () => {
    held = await HeldWrites.start(world, isCredentials);
    await world.createBinding('stopped', 'db');
    await held.held();
    const stopped = bindery.stop();
    await held.release();
    await stopped;
    const binding = await world.find<ServiceBinding>(serviceBindings, 'stopped');
    expect(isConditionTrue(binding?.status?.conditions, 'Ready')).toBe(true);
    bindery = await start();
    await expectUsable('stopped');
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
  }, 60_000);
});

describe('H14: a binding that is made asynchronously although it can not be fetched', () => {
  it('gets its credentials by asking once more, and is never fetched (P35)', async () => {
    // The 202 shows nothing, so the identical PUT is the first answer that can.
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 1, unasked: true });
    await world.createBinding('unasked', 'cache');
    await world.binding('unasked', isReady, 'is ready');
    expect(world.broker.requestsOf('bind')).toHaveLength(2);
    expect(world.broker.requestsOf('bind').map(({ query }) => query)).toEqual([{}, {}]);
    expect(world.broker.requestsOf('getBinding')).toEqual([]);
    await expectUsable('unasked');
  });

  it('is unbound and fails when asking once more gives nothing', async () => {
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 0, unasked: true });
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, body: {} });
    await world.createBinding('nothing', 'cache');
    const failed = await world.binding(
      'nothing',
      ({ status }) =>
        isConditionTrue(status?.conditions, 'Failed') && status?.orphanMitigationInProgress !== true,
      'is failed and clean',
    );
    expect(failed.status?.conditions?.at(-1)?.message).toContain('does not hand out the credentials');
    expect(world.broker.liveBindings()).toEqual([]);
    expect(world.broker.requestsOf('bind')).toHaveLength(2);
    await world.remove(serviceBindings, 'nothing');
    await world.gone(serviceBindings, 'nothing');
  });
});

it('leaves nothing at the broker', async () => {
  for (const name of ['db', 'cache']) await world.remove(serviceInstances, name);
  for (const name of ['db', 'cache']) await world.gone(serviceInstances, name);
  expect(world.broker.liveInstances()).toEqual([]);
});
