import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isLeading, LifeWorld } from './life-world.ts';

let life: LifeWorld;
let bindery: BinderyProcess;

beforeAll(async () => {
  life = await LifeWorld.start();
  bindery = await life.startBindery('run');
  await life.world.register();
}, 120_000);
afterAll(() => life?.stop());

describe('bindery run, with the times that it has by default', () => {
  it('leads again after the API server was away for longer than its Lease lasts', async () => {
    await waitFor(() => isLeading(bindery));
    await life.pauseApiServer(25_000);
    await life.serves('after-the-outage');
    await life.hasOneLeader([bindery]);
    await expect(bindery.probe('/livez')).resolves.toBe(200);
    await expect(bindery.probe('/readyz')).resolves.toBe(200);
    expect(bindery.exitCode).toBeUndefined();
  }, 120_000);
});
