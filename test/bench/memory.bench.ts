/** Resident memory of each role alone: empty, after a load, and started anew on what the load has left. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { startCatalogServer } from './catalog/catalog-server.ts';
import { installRoles, roles, type InstalledRoles, type Role } from './installed-roles.ts';
import { alone, type BenchOptions, type Measure } from './measure.ts';
import { peaksOnLargeObjects } from './memory/large-objects.ts';
import { BenchApi, inParallel } from './provision/bench-api.ts';
import { startInstantBroker } from './provision/instant-broker.ts';
import { apiVersion, binding, instance } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';

export const summary = 'resident memory of controller and webhook with 1,000 plans, instances and bindings';

const count = 1000;
const parallel = 16;
const timeoutMs = 300_000;
const namespace = 'bench';

/** V8 looks for what it can give back when it has had nothing to do for some 8 s. */
const settleMs = 15_000;

interface Setting {
  readonly start: InstalledRoles['start'];
  readonly api: BenchApi;
  readonly options: BenchOptions;
}

type Resident = Readonly<Record<Role, number>>;

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  await using cleanUp = new AsyncDisposableStack();
  const installed = await installRoles(options, cleanUp);
  const { plane, start } = installed;
  const catalog = await startCatalogServer({ services: 50, plansPerService: 20 });
  cleanUp.defer(async () => catalog.stop());
  const broker = await startInstantBroker();
  cleanUp.defer(async () => broker.stop());
  const api = await BenchApi.open(plane, parallel);
  cleanUp.defer(async () => api.close());
  const setting = { start, api, options };
  const empty = await startedAnew(setting);
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const loaded = await afterLoad(setting, 'first', { catalog: catalog.url('bench'), instant: broker.url });
  const first = await startedAnew(setting);
  await afterLoad(setting, 'second', {});
  const second = await startedAnew(setting);
  const large = await peaksOnLargeObjects(installed, api, options);
  const mebibytes = (name: string, bytes: number): Measure => alone(name, 'MiB', bytes / 2 ** 20);
  return [
    mebibytes('webhook, empty cluster', empty.webhook),
    mebibytes('controller, empty cluster', empty.controller),
    mebibytes('controller that made 1,000 plans, instances and bindings', loaded),
    mebibytes('controller started on 1,000 plans, instances and bindings', first.controller),
    mebibytes('webhook started on them', first.webhook),
    mebibytes('controller started on 1,000 plans, 2,000 instances and bindings', second.controller),
    mebibytes('webhook started on them', second.webhook),
    alone(
      'controller, per further object',
      'KiB',
      (second.controller - first.controller) / (2 * count) / 2 ** 10,
    ),
    mebibytes('controller started on 20 more of 1 MB each, at most', large.controller),
    mebibytes('webhook started on them, at most', large.webhook),
  ];
}

/** Each role alone, on what there is. */
async function startedAnew({ start, options: { progress, signal } }: Setting): Promise<Resident> {
  const resident: Record<Role, number> = { controller: 0, webhook: 0 };
  for (const role of roles) {
    await using cleanUp = new AsyncDisposableStack();
    const started = await start(role);
    cleanUp.defer(async () => started.stop());
    resident[role] = await residentBytes(started, signal);
    progress(`${role}: ${await memoryOf(started)}`);
  }
  return resident;
}

/** A controller that has brought so many objects more to Ready. */
async function afterLoad(
  { start, api, options: { progress, signal } }: Setting,
  prefix: string,
  newBrokers: Readonly<Record<string, string>>,
): Promise<number> {
  await using cleanUp = new AsyncDisposableStack();
  const webhook = await start('webhook');
  cleanUp.defer(async () => webhook.stop());
  const controller = await start('controller');
  cleanUp.defer(async () => controller.stop());
  const brokers = `/apis/${apiVersion}/clusterservicebrokers`;
  for (const [name, url] of Object.entries(newBrokers)) {
    await api.create(brokers, {
      apiVersion,
      kind: 'ClusterServiceBroker',
      metadata: { name },
      spec: { url },
    });
  }
  await untilReady(api, brokers, Object.keys(newBrokers));
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  for (const [plural, manifest] of [
    ['serviceinstances', (name: string) => instance(name)],
    ['servicebindings', (name: string) => binding(name, name)],
  ] as const) {
    progress(`${count} ${plural}`);
    const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}`;
    await inParallel(names, parallel, async (name) => api.create(path, manifest(name)));
    await untilReady(api, path, names);
  }
  const bytes = await residentBytes(controller, signal);
  progress(`controller: ${await memoryOf(controller)}`);
  return bytes;
}

async function untilReady(api: BenchApi, path: string, names: readonly string[]): Promise<void> {
  const watch = await ReadyWatch.open(api, path);
  try {
    await watch.ready(names, timeoutMs);
  } finally {
    await watch.close();
  }
}

async function residentBytes(bindery: BinderyProcess, signal: AbortSignal): Promise<number> {
  await delay(settleMs, undefined, { signal });
  return gauge(await bindery.metrics(), 'process_resident_memory_bytes');
}

/** What the memory is made of, for the person who watches. */
async function memoryOf(bindery: BinderyProcess): Promise<string> {
  const metrics = await bindery.metrics();
  const names = [
    'process_resident_memory_bytes',
    'nodejs_heap_size_total_bytes',
    'nodejs_heap_size_used_bytes',
    'nodejs_external_memory_bytes',
  ];
  const parts = names.map((name) => `${name} ${(gauge(metrics, name) / 2 ** 20).toFixed(1)}`);
  return parts.join(', ').replaceAll(/(process|nodejs)_|_bytes/g, '');
}

function gauge(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}
