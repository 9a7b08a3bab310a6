/** What it costs to look at the Secrets of ten thousand bindings in turn, when all of them are as they should be. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BinderyProcess } from '../../demo/bindery-process.ts';
import { alone, compared, type BenchOptions, type Measure } from './measure.ts';
import { inParallel } from './provision/bench-api.ts';
import type { InstantBroker } from './provision/instant-broker.ts';
import { apiVersion, binding, instance } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { registerBroker } from './provision/register-broker.ts';
import { withInstantBroker, type RunningBindery } from './with-bindery.ts';

export const summary = 'looks at the Secrets of 10,000 bindings: how many in a second, and what they cost';

const count = 10_000;
const instances = 50;
const parallel = 32;
const namespace = 'bench';
const collection = `/apis/${apiVersion}/namespaces/${namespace}`;
const readyTimeoutMs = 600_000;
/** V8 and the watches have their rest. */
const settleMs = 15_000;
const allowedPerSecond = 5;

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  return withInstantBroker(options, parallel, async (running, broker) => measure(running, broker, options));
}

async function measure(
  { api, bindery }: RunningBindery,
  broker: InstantBroker,
  { progress, signal, seconds = 60 }: BenchOptions,
): Promise<readonly Measure[]> {
  await using cleanUp = new AsyncDisposableStack();
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await registerBroker(api, 'instant', broker.url, readyTimeoutMs);
  const made = async (plural: string, names: readonly string[], manifest: (name: string) => object) => {
    progress(`${names.length} ${plural}`);
    const watch = await ReadyWatch.open(api, `${collection}/${plural}`);
    cleanUp.defer(async () => watch.close());
    await inParallel(names, parallel, async (name) => api.create(`${collection}/${plural}`, manifest(name)));
    await watch.ready(names, readyTimeoutMs);
  };
  const names = Array.from({ length: count }, (_, at) => `object-${at}`);
  await made('serviceinstances', names.slice(0, instances), (name) => instance(name));
  await made('servicebindings', names, (name) =>
    binding(name, `object-${Number(name.split('-')[1]) % instances}`),
  );
  await delay(settleMs, undefined, { signal });
  progress(`looks, for ${seconds} s`);
  const before = await figures(bindery);
  await delay(seconds * 1000, undefined, { signal });
  const after = await figures(bindery);
  const tookSeconds = (after.atMs - before.atMs) / 1000;
  return [
    compared('looks at Secrets', 'per second', (after.looks - before.looks) / tookSeconds, allowedPerSecond),
    alone(
      'bindery run meanwhile',
      '% of a core',
      (100 * (after.cpuSeconds - before.cpuSeconds)) / tookSeconds,
    ),
    alone('found otherwise than stored', 'Secrets', after.others),
  ];
}

interface Figures {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly looks: number;
  readonly others: number;
}

async function figures(bindery: BinderyProcess): Promise<Figures> {
  const text = await bindery.metrics();
  const atMs = performance.now();
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  const looks = sum(/^bindery_secret_checks_total\{[^}]*\} (\S+)$/gm);
  const sound = sum(/^bindery_secret_checks_total\{finding="sound"\} (\S+)$/gm);
  return { atMs, cpuSeconds: sum(/^process_cpu_seconds_total (\S+)$/gm), looks, others: looks - sound };
}
