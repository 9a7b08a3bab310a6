import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Longer than a restart takes: the request is under way when the process dies. */
const delayMs = 1500;

let world: ServiceWorld;
let bindery: BinderyProcess;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  bindery = await start();
  await world.register();
}, 90_000);
afterAll(() => world?.stop());
afterEach(() => world.broker.forget());

function start(): Promise<BinderyProcess> {
  return world.startBindery('--leader-elect=false', '--max-retry-interval=2s');
}

async function killAndRestart(): Promise<void> {
  await bindery.kill();
  bindery = await start();
}

async function cleanUp(name: string): Promise<void> {
  if ((await world.find(serviceBindings, name)) !== undefined) await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
  expect(world.broker.liveInstances()).toEqual([]);
  expect(world.broker.liveBindings()).toEqual([]);
}

describe('kill -9', () => {
  it('in the middle of a provision: the restart finishes it, and no second service exists', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'delay', ms: delayMs });
    await world.createInstance('provision');
    await waitFor(() => world.broker.requestsOf('provision').length === 1, {
      describe: 'the request arrived',
    });
    await killAndRestart();
    const ready = await world.instance('provision', isReady, 'is ready');
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([ready.status?.instanceID]);
    const ids = new Set(world.broker.requestsOf('provision').map(({ instanceId }) => instanceId));
    expect(ids.size).toBe(1);
    await cleanUp('provision');
  }, 60_000);

  it('in the middle of a bind: the restart stores the credentials of the one binding that exists', async () => {
    await world.createInstance('bind');
    world.broker.script({ operation: 'bind' }, { kind: 'delay', ms: delayMs });
    await world.createBinding('bind', 'bind');
    await waitFor(() => world.broker.requestsOf('bind').length === 1, { describe: 'the request arrived' });
    await killAndRestart();
    const ready = await world.binding('bind', isReady, 'is ready');
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual([ready.status?.bindingID]);
    expect((await world.secret('bind'))['password']).toBeDefined();
    await cleanUp('bind');
  }, 60_000);

  it('in the middle of a deprovision: the restart takes the object away', async () => {
    await world.createInstance('deprovision');
    await world.instance('deprovision', isReady, 'is ready');
    world.broker.script({ operation: 'deprovision' }, { kind: 'delay', ms: delayMs });
    await world.remove(serviceInstances, 'deprovision');
    await waitFor(() => world.broker.requestsOf('deprovision').length === 1, {
      describe: 'the request arrived',
    });
    await killAndRestart();
    await world.gone(serviceInstances, 'deprovision');
    expect(world.broker.liveInstances()).toEqual([]);
  }, 60_000);
});

describe('a restart of the API server', () => {
  it('is survived by the running process', async () => {
    await world.controlPlane.restartApiServer();
    await world.createInstance('after');
    await world.createBinding('after', 'after');
    await world.binding('after', isReady, 'is ready');
    await cleanUp('after');
  }, 90_000);
});
