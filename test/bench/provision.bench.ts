/** `bindery run` beside what the API server itself allows: 200 instances and 200 bindings created at once. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitFor } from '../support/wait-for.ts';
import { alone, compared, median, quantile, type BenchOptions, type Measure } from './measure.ts';
import { cpuSeconds } from './cpu-time.ts';
import { apiLimit, type ApiCost } from './provision/api-limit.ts';
import { writeCounts, writesBetween } from './provision/api-writes.ts';
import { inParallel, type BenchApi } from './provision/bench-api.ts';
import { startInstantBroker, type InstantBroker } from './provision/instant-broker.ts';
import { apiVersion, binding, instance } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { registerBroker } from './provision/register-broker.ts';
import { installTwins } from './provision/twin-kinds.ts';
import { withInstantBroker, type RunningBindery } from './with-bindery.ts';

export const summary = '200 instances and 200 bindings until Ready, against the limit of the API server';

const rounds = 3;
const count = 200;
const parallel = 32;
const singles = 40;
/** Three brokers of another tenant that answer after 55 s. */
const slow = {
  names: ['slow-1', 'slow-2', 'slow-3'],
  namespace: 'bench-slow',
  putMs: 55_000,
  each: 40,
} as const;
const namespace = 'bench';
const limitNamespace = 'bench-limit';
const readyTimeoutMs = 120_000;
const collection = `/apis/${apiVersion}/namespaces/${namespace}`;

interface Round {
  readonly limit: { readonly instances: ApiCost; readonly bindings: ApiCost };
  readonly instances: ReadyCost;
  readonly bindings: ReadyCost;
  readonly writesPerInstance: Writes;
  readonly writesPerBinding: Writes & { readonly secret: number };
}

interface ReadyCost extends ApiCost {
  /** CPU time of `bindery run` for each, milliseconds. */
  readonly binderyCpuMs: number;
}

interface Writes {
  readonly status: number;
  readonly other: number;
}

interface Setting extends RunningBindery {
  readonly instances: ReadyWatch;
  readonly bindings: ReadyWatch;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  return withInstantBroker(options, parallel, async (running, broker) => measure(running, broker, options));
}

async function measure(
  running: RunningBindery,
  broker: InstantBroker,
  { progress, signal }: BenchOptions,
): Promise<readonly Measure[]> {
  const { api, bindery } = running;
  await using cleanUp = new AsyncDisposableStack();
  await installTwins(api);
  for (const name of [namespace, limitNamespace])
    await api.create('/api/v1/namespaces', { metadata: { name } });
  await registerBroker(api, 'instant', broker.url, readyTimeoutMs);
  const instances = await ReadyWatch.open(api, `${collection}/serviceinstances`);
  cleanUp.defer(async () => instances.close());
  const bindings = await ReadyWatch.open(api, `${collection}/servicebindings`);
  cleanUp.defer(async () => bindings.close());
  const setting = { ...running, instances, bindings };

  progress('warm-up');
  await measureRound(setting, 50, true);
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round} of ${rounds}`);
    results.push(await measureRound(setting, count, round % 2 === 1));
  }
  progress(`${singles} instances, one at a time`);
  const singlesMs = await measureSingles(setting);
  const rssBytes = await residentBytes(bindery.groupId);
  progress('three brokers that answer after 55 s, with 40 instances each');
  await keepSlowBrokersBusy(api, cleanUp);
  const besideMs = await measureSingles(setting, 'beside');
  return [
    ...measures(results, singlesMs),
    alone('the same beside three slow brokers, p95', 'ms', quantile(besideMs, 0.95)),
    alone('resident memory of bindery run', 'MiB', rssBytes / 2 ** 20),
  ];
}

/** Resolves when as many requests are in flight as would keep all workers, were they to wait for them. */
async function keepSlowBrokersBusy(api: BenchApi, cleanUp: AsyncDisposableStack): Promise<void> {
  await api.create('/api/v1/namespaces', { metadata: { name: slow.namespace } });
  const brokers: InstantBroker[] = [];
  for (const name of slow.names) {
    const broker = await startInstantBroker(name, slow.putMs);
    cleanUp.defer(async () => broker.stop());
    brokers.push(broker);
    await registerBroker(api, name, broker.url, readyTimeoutMs);
    for (let index = 0; index < slow.each; index++) {
      const path = `/apis/${apiVersion}/namespaces/${slow.namespace}/serviceinstances`;
      await api.create(path, instance(`${name}-${index}`, name));
    }
  }
  const inFlight = (): number =>
    brokers.reduce((sum, { requests }) => sum + (requests.get('PUT instance') ?? 0), 0);
  await waitFor(() => inFlight() >= parallel, { describe: () => `${inFlight()} requests are in flight` });
}

async function measureRound(setting: Setting, size: number, limitFirst: boolean): Promise<Round> {
  const { api, instances, bindings } = setting;
  const names = Array.from({ length: size }, (_, index) => `object-${index}`);
  const before = limitFirst ? await apiLimit(api, limitNamespace, size) : undefined;

  const atStart = await writeCounts(api);
  const instanceCost = await untilReady(setting, instances, names, async (name) =>
    api.create(`${collection}/serviceinstances`, instance(name)),
  );
  const between = await writeCounts(api);
  const bindingCost = await untilReady(setting, bindings, names, async (name) =>
    api.create(`${collection}/servicebindings`, binding(name, name)),
  );
  const atEnd = await writeCounts(api);

  await api.deleteAll(`${collection}/servicebindings`);
  await bindings.empty(readyTimeoutMs);
  await api.deleteAll(`${collection}/serviceinstances`);
  await instances.empty(readyTimeoutMs);
  return {
    limit: before ?? (await apiLimit(api, limitNamespace, size)),
    instances: instanceCost,
    bindings: bindingCost,
    writesPerInstance: {
      status: writesBetween(atStart, between, 'serviceinstances/status') / size,
      other: writesBetween(atStart, between, 'serviceinstances', 'POST') / size,
    },
    writesPerBinding: {
      status: writesBetween(between, atEnd, 'servicebindings/status') / size,
      other: writesBetween(between, atEnd, 'servicebindings', 'POST') / size,
      secret: writesBetween(between, atEnd, 'secrets') / size,
    },
  };
}

/** Objects per second from the first request to create one until the last is Ready, and what one costs. */
async function untilReady(
  { api, bindery }: RunningBindery,
  watch: ReadyWatch,
  names: readonly string[],
  create: (name: string) => Promise<unknown>,
): Promise<ReadyCost> {
  const cpu = async (): Promise<readonly [api: number, bindery: number]> => [
    cpuSeconds(await api.text('/metrics')),
    cpuSeconds(await bindery.metrics()),
  ];
  const before = await cpu();
  const startedAt = performance.now();
  await inParallel(names, parallel, create);
  await watch.ready(names, readyTimeoutMs);
  const perSecond = (names.length * 1000) / (performance.now() - startedAt);
  const after = await cpu();
  return {
    perSecond,
    cpuMs: ((after[0] - before[0]) * 1000) / names.length,
    binderyCpuMs: ((after[1] - before[1]) * 1000) / names.length,
  };
}

async function measureSingles({ api, instances }: Setting, prefix = 'single'): Promise<readonly number[]> {
  const durationsMs: number[] = [];
  for (let index = 0; index < singles; index++) {
    const name = `${prefix}-${index}`;
    const startedAt = performance.now();
    await api.create(`${collection}/serviceinstances`, instance(name));
    await instances.ready([name], readyTimeoutMs);
    durationsMs.push(performance.now() - startedAt);
  }
  return durationsMs;
}

function measures(results: readonly Round[], singlesMs: readonly number[]): readonly Measure[] {
  const of = (pick: (round: Round) => number): number => median(results.map(pick));
  return [
    compared(
      `${count} instances until Ready`,
      'per second',
      of((round) => round.instances.perSecond),
      of((round) => round.limit.instances.perSecond),
    ),
    compared(
      `${count} bindings until Ready`,
      'per second',
      of((round) => round.bindings.perSecond),
      of((round) => round.limit.bindings.perSecond),
    ),
    ...(['instances', 'bindings'] as const).flatMap((kind) => [
      compared(
        `CPU of the API server, ${kind}`,
        'ms each',
        of((round) => round[kind].cpuMs),
        of((round) => round.limit[kind].cpuMs),
      ),
      alone(
        `CPU of bindery run, ${kind}`,
        'ms each',
        of((round) => round[kind].binderyCpuMs),
      ),
    ]),
    alone('create → Ready of one instance, p50', 'ms', median(singlesMs)),
    alone('create → Ready of one instance, p95', 'ms', quantile(singlesMs, 0.95)),
    compared(
      'status writes per instance',
      'writes',
      of((round) => round.writesPerInstance.status),
      2,
    ),
    alone(
      'other writes per instance',
      'writes',
      of((round) => round.writesPerInstance.other),
    ),
    compared(
      'status writes per binding',
      'writes',
      of((round) => round.writesPerBinding.status),
      2,
    ),
    compared(
      'Secret writes per binding',
      'writes',
      of((round) => round.writesPerBinding.secret),
      1,
    ),
    alone(
      'other writes per binding',
      'writes',
      of((round) => round.writesPerBinding.other),
    ),
  ];
}

/** Resident memory of the largest process of a group: the others only guard it. */
async function residentBytes(groupId: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,rss=']);
  const sizes = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([group]) => group === groupId)
    .map(([, rss = 0]) => rss * 1024);
  return Math.max(...sizes);
}
