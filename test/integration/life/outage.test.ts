import { setTimeout as delay } from 'node:timers/promises';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { becomesWell, isLeading, LifeWorld, probes, review } from '../../support/world/life-world.ts';

/** Longer than any outage but the last. */
const maxViewAgeMs = 30_000;

let life: LifeWorld;
let bindery: BinderyProcess;
let hook: string;

beforeAll(async () => {
  life = await LifeWorld.start();
  bindery = await life.startBindery({ role: 'run', args: [`--max-view-age=${maxViewAgeMs}ms`] });
  await life.world.register();
  hook = await life.podHook();
}, 120_000);
afterAll(() => life?.stop());

/** What the probes and the webhook said during an outage, each with when. */
async function watchOutage(ms: number): Promise<readonly (Awaited<ReturnType<typeof probes>> & Told)[]> {
  const told: (Awaited<ReturnType<typeof probes>> & Told)[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < ms) {
    const atMs = performance.now() - startedMs;
    told.push({ ...(await probes(bindery)), review: await review(hook), atMs });
    await delay(1_000);
  }
  return told;
}

interface Told {
  readonly review: number;
  readonly atMs: number;
}

describe('bindery run, with the Lease that it has by default, while the API server does not answer', () => {
  it.each([5, 15, 25, 60])(
    'for %d s: leads again, and its probes tell the truth',
    async (seconds) => {
      await waitFor(() => isLeading(bindery));
      const [told] = await Promise.all([watchOutage(seconds * 1000), life.pauseApiServer(seconds * 1000)]);
      expect(new Set(told.map(({ livez }) => livez))).toEqual(new Set([200]));
      expect(new Set(told.map(({ review: status }) => status))).toEqual(new Set([200]));
      const early = told.filter(({ atMs }) => atMs < maxViewAgeMs);
      expect(new Set(early.map(({ readyz }) => readyz))).toEqual(new Set([200]));
      // By then a renewal of the Lease that was sent after the beginning has been unanswered for that long.
      const late = told.filter(({ atMs }) => atMs > maxViewAgeMs + 10_000);
      expect(late.length > 0).toBe(seconds === 60);
      expect(late.map(({ readyz }) => readyz)).toEqual(late.map(() => 503));

      await life.serves(`after-${seconds}`);
      await life.leaderOf([bindery]);
      await becomesWell(bindery);
    },
    180_000,
  );

  it('twice in a row: leads again', async () => {
    await life.pauseApiServer(15_000);
    await delay(500);
    await life.pauseApiServer(15_000);
    await life.serves('after-two');
    await life.leaderOf([bindery]);
    await becomesWell(bindery);
  }, 120_000);

  it('is the same process all the while', async () => {
    expect(bindery.exitCode).toBeUndefined();
    await expect(bindery.log()).resolves.toContain('lost the lead');
    const answer = await fetch(`${bindery.adminUrl}/livez?verbose`);
    for (const part of ['election', 'watches', 'workers', 'certificate', 'webhook-watches']) {
      expect(await answer.clone().text()).toContain(`[+]${part} ok`);
    }
  });
});
