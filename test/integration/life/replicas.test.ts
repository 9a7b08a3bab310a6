import { setTimeout as delay } from 'node:timers/promises';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { isReady } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { becomesWell, LifeWorld, probes, shortLease } from '../../support/world/life-world.ts';

const args = ['--max-view-age=4s'];

let life: LifeWorld;
let controllers: readonly BinderyProcess[];
let webhook: BinderyProcess;

beforeAll(async () => {
  life = await LifeWorld.start();
  const controller = { role: 'controller', args: [...shortLease, ...args] } as const;
  controllers = [await life.startBindery(controller), await life.startBindery(controller)];
  webhook = await life.startBindery({ role: 'webhook', args });
  await life.world.register();
}, 120_000);
afterAll(() => life?.stop());

async function allAreWell(name: string): Promise<void> {
  await life.serves(name);
  await life.leaderOf(controllers);
  for (const bindery of [...controllers, webhook]) {
    await becomesWell(bindery);
    expect(bindery.exitCode).toBeUndefined();
  }
}

describe('two controllers and a webhook', () => {
  it('go on, with one leader, when the API server was paused for longer than the Lease, twice', async () => {
    await allAreWell('before');
    await life.pauseApiServer(10_000);
    await delay(200);
    await life.pauseApiServer(10_000);
    await allAreWell('after-pauses');
  }, 120_000);

  it('store credentials that came when they could not be stored, though the lead was lost over it', async () => {
    const { world } = life;
    await life.serves('bound');
    world.broker.forget();
    world.broker.script({ operation: 'bind' }, { kind: 'delay', ms: 1_000 });
    await world.createBinding('bound', 'bound');
    await waitFor(() => world.broker.requestsOf('bind').length === 1, { describe: 'the request arrived' });
    await life.pauseApiServer(10_000);
    const ready = await world.binding('bound', isReady, 'is ready');
    expect((await world.secret('bound'))['password']).toBeDefined();
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual([ready.status?.bindingID]);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    await allAreWell('after-storing');
  }, 120_000);

  it('go on when it was killed and comes back, and are alive but not ready meanwhile', async () => {
    await life.world.controlPlane.stopApiServer();
    for (const bindery of [...controllers, webhook]) {
      await waitFor(async () => (await probes(bindery)).readyz === 503, {
        describe: 'a process that sees nothing of the cluster is not ready',
      });
      expect((await probes(bindery)).livez).toBe(200);
    }
    await life.world.controlPlane.startApiServer();
    await allAreWell('after-kill');
  }, 120_000);

  it('have a new leader when the leader was killed', async () => {
    const leader = await life.leaderOf(controllers);
    await leader.kill();
    const others = controllers.filter((bindery) => bindery !== leader);
    await life.serves('after-leader');
    await expect(life.leaderOf(others)).resolves.toBe(others[0]);
  }, 60_000);
});
