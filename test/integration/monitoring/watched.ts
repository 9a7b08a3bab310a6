import { join } from 'node:path';
import { startInstalled, type InstalledBindery } from '../../support/installed-bindery.ts';
import { differingAlerts, findPromtool } from '../../support/promtool/promtool.ts';
import { scrape, seriesOf, type Scrape } from '../../support/promtool/scrapes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';

const rules = join(import.meta.dirname, '..', '..', '..', 'deploy', 'monitoring', 'rules.yaml');
/** Longer than any rule waits. */
const minutes = 180;
/** How fast this machine is, with what else it has to do, is no matter of a test. */
const ofTheMachine = /^(?:nodejs_eventloop_lag|bindery_admission_duration_seconds_bucket)/;

/** An installed Bindery to watch, with a broker, and what tells rules. */
export interface WatchedWorld {
  readonly promtool: string;
  readonly world: ServiceWorld;
  readonly bindery: InstalledBindery;
}

/** Building promtool takes minutes once. */
export async function startWatchedWorld(): Promise<WatchedWorld> {
  const promtool = await findPromtool();
  const world = await ServiceWorld.start({ controllers: 'none' });
  const bindery = await startInstalled(world, { controller: ['--max-retry-interval=200ms'] });
  await world.register();
  return { promtool, world, bindery };
}

/** Whom to ask for metrics, by the name that its series get. */
export type Watched = Readonly<Record<string, () => Promise<Scrape>>>;

/**
 * Exactly these fire, if things go on as they do while `cause` is at work, which resolves when it can be seen.
 * @param alerts their names
 */
export async function expectAlerts(
  { promtool, world }: Pick<WatchedWorld, 'promtool' | 'world'>,
  watched: Watched,
  alerts: readonly string[],
  cause: () => Promise<unknown>,
): Promise<void> {
  using _ = world.undisturbed('what one process counts is looked at twice');
  const scrapes = async (): Promise<readonly Scrape[]> =>
    Promise.all(Object.values(watched).map(async (one) => one()));
  // What came before is over.
  await waitFor(async () =>
    (await scrapes()).every(({ text }) => !/^bindery_queue_depth\S* [1-9]/m.test(text)),
  );
  const before = await scrapes();
  await cause();
  const after = await scrapes();
  const all = before.flatMap((one, at) => seriesOf(one, after[at] ?? one, minutes));
  const series = all.filter((one) => !ofTheMachine.test(one.series));
  expect(await differingAlerts(promtool, rules, series, minutes, alerts)).toBeUndefined();
}

/** The sum of a counter over the series that have this label, or over all. */
export async function counted(adminUrl: string, family: string, label = ''): Promise<number> {
  const { text } = await scrape('one', adminUrl);
  const ofFamily = new RegExp(`^${family}[{ ]`);
  const lines = text.split('\n').filter((line) => ofFamily.test(line) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
