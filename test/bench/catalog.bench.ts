/** A catalog of 1,000 plans: its first synchronisation, and what an unchanged one costs. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  catalogLimitSeconds,
  installCatalogTwins,
  plurals,
  type CatalogObject,
  type CatalogObjects,
} from './catalog/catalog-limit.ts';
import { startCatalogServer, type CatalogServer } from './catalog/catalog-server.ts';
import { alone, compared, median, type BenchOptions, type Measure } from './measure.ts';
import { writeCounts, writesBetween, type WriteCounts } from './provision/api-writes.ts';
import type { BenchApi } from './provision/bench-api.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { withBindery } from './with-bindery.ts';

export const summary = 'a catalog of 1,000 plans in 50 classes, against the limit of the API server';

const rounds = 3;
const size = { services: 50, plansPerService: 20 } as const;
const objectCount = size.services * (1 + size.plansPerService);
const relists = 1;
const parallel = 32;
const timeoutMs = 300_000;
const apiVersion = 'servicecatalog.k8s.io/v1beta1';
const brokers = `/apis/${apiVersion}/clusterservicebrokers`;

interface Round {
  readonly syncSeconds: number;
  readonly limitSeconds: number;
  readonly writesPerObject: number;
  readonly brokerWrites: number;
  readonly relistWrites: number;
}

interface Setting {
  readonly api: BenchApi;
  readonly server: CatalogServer;
  readonly watch: ReadyWatch;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  const server = await startCatalogServer(size);
  try {
    const results = await withBindery(options, parallel, async ({ api }) => allRounds(api, server, options));
    return measures(results);
  } finally {
    await server.stop();
  }
}

async function allRounds(
  api: BenchApi,
  server: CatalogServer,
  { progress, signal }: BenchOptions,
): Promise<readonly Round[]> {
  await using cleanUp = new AsyncDisposableStack();
  await installCatalogTwins(api);
  const watch = await ReadyWatch.open(api, brokers);
  cleanUp.defer(async () => watch.close());
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round} of ${rounds}`);
    results.push(await measureRound({ api, server, watch }, `round-${round}`, progress));
  }
  return results;
}

async function measureRound(
  { api, server, watch }: Setting,
  name: string,
  progress: (message: string) => void,
): Promise<Round> {
  const before = await writeCounts(api);
  const startedAt = performance.now();
  await api.create(brokers, {
    apiVersion,
    kind: 'ClusterServiceBroker',
    metadata: { name },
    spec: { url: server.url(name), relistBehavior: 'Manual' },
  });
  await watch.ready([name], timeoutMs);
  const syncSeconds = (performance.now() - startedAt) / 1000;
  const after = await writeCounts(api);
  const objects = await catalogObjects(api);
  progress(`first sync ${syncSeconds.toFixed(2)} s`);

  const relistWrites = await writesOfRelists({ api, server, watch }, name);
  await api.delete(`${brokers}/${name}`);
  await watch.empty(timeoutMs);
  const limitSeconds = await catalogLimitSeconds(api, objects);
  progress(`limit of the API server ${limitSeconds.toFixed(2)} s`);
  return {
    syncSeconds,
    limitSeconds,
    writesPerObject: itemWrites(before, after) / objectCount,
    // All but the one that registered it.
    brokerWrites: brokerWrites(before, after) - 1,
    relistWrites,
  };
}

/** Everything written while the timer fetched the same catalog again and again. */
async function writesOfRelists({ api, server }: Setting, name: string): Promise<number> {
  // The shortest that there is.
  const relistDuration = '1m';
  await api.mergePatch(`${brokers}/${name}`, { spec: { relistBehavior: 'Duration', relistDuration } });
  // The changed spec is written down along with the first of them; a second one shows that it is over.
  await requested(server, name, server.requests(name) + 2);
  const before = await writeCounts(api);
  // One more than is counted: only then is the one before it surely over.
  await requested(server, name, server.requests(name) + relists + 1);
  const after = await writeCounts(api);
  return itemWrites(before, after) + brokerWrites(before, after);
}

async function requested(server: CatalogServer, name: string, count: number): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; server.requests(name) < count; await delay(20)) {
    if (Date.now() > deadline) throw new Error(`the catalog was not fetched ${count} times`);
  }
}

async function catalogObjects(api: BenchApi): Promise<CatalogObjects> {
  const [classes, plans] = await Promise.all(
    plurals.map(async (plural) => {
      const list = (await api.get(`/apis/${apiVersion}/${plural}`)) as {
        readonly items: readonly CatalogObject[];
      };
      return list.items;
    }),
  );
  const found = { clusterserviceclasses: classes ?? [], clusterserviceplans: plans ?? [] };
  const count = found.clusterserviceclasses.length + found.clusterserviceplans.length;
  const finished = [...found.clusterserviceclasses, ...found.clusterserviceplans].filter(
    ({ status }) => status !== undefined,
  );
  if (count !== objectCount || finished.length !== objectCount) {
    throw new Error(
      `Ready with ${count} objects, ${finished.length} of them with a status: not ${objectCount}`,
    );
  }
  return found;
}

function itemWrites(before: WriteCounts, after: WriteCounts): number {
  return plurals
    .flatMap((plural) => [plural, `${plural}/status`])
    .reduce((sum, resource) => sum + writesBetween(before, after, resource), 0);
}

function brokerWrites(before: WriteCounts, after: WriteCounts): number {
  const [spec, status] = ['clusterservicebrokers', 'clusterservicebrokers/status'];
  return writesBetween(before, after, spec) + writesBetween(before, after, status);
}

function measures(results: readonly Round[]): readonly Measure[] {
  const of = (pick: (round: Round) => number): number => median(results.map(pick));
  const perSecond = (seconds: number): number => objectCount / seconds;
  return [
    compared(
      'objects of a first sync (50 classes, 1,000 plans)',
      'per second',
      of(({ syncSeconds }) => perSecond(syncSeconds)),
      of(({ limitSeconds }) => perSecond(limitSeconds)),
    ),
    alone(
      'first sync: broker created → Ready',
      's',
      of(({ syncSeconds }) => syncSeconds),
    ),
    compared(
      'writes per class or plan',
      'writes',
      of(({ writesPerObject }) => writesPerObject),
      2,
    ),
    alone(
      'writes of the broker itself',
      'writes',
      of(({ brokerWrites: count }) => count),
    ),
    alone(
      `writes of ${relists} unchanged relists`,
      'writes',
      Math.max(...results.map(({ relistWrites }) => relistWrites)),
    ),
  ];
}
