/** `bindery run` beside a bare client: 200 Deployments that ask for a service by annotation, created at once. */
import { requestedName, type WorkloadRef } from '../../src/api/requested-identity.ts';
import { waitFor } from '../support/wait-for.ts';
import { alone, compared, median, type BenchOptions, type Measure } from './measure.ts';
import { cpuSeconds } from './cpu-time.ts';
import { bareRequest } from './provision/api-limit.ts';
import { countsBetween, parseRequestCounts, writeCounts, type WriteCounts } from './provision/api-writes.ts';
import { inParallel, type BenchApi } from './provision/bench-api.ts';
import { className, planName } from './provision/instant-broker.ts';
import { apiVersion, deployment } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { registerBroker } from './provision/register-broker.ts';
import { installTwins } from './provision/twin-kinds.ts';
import { withInstantBroker, type RunningBindery } from './with-bindery.ts';

export const summary =
  '200 annotated Deployments until their Secrets are there, against the limit of the API server';

const rounds = 3;
const count = 200;
const parallel = 32;
const timeoutMs = 180_000;
/** For each request; what is rarer is something else. */
const fewest = 0.05;
/** What is put off until a burst is over comes within so many seconds without another write, but for a few. */
const calmSeconds = 8;
const fewWrites = 3;

/** What came of one round. */
interface Round {
  /** Requests per second until the last Secret is there. */
  readonly served: number;
  /** Likewise until the last Pod is there, which the controllers of Kubernetes make. */
  readonly admitted: number;
  /** CPU time of the API server for each until the last Secret is there, milliseconds. */
  readonly apiCpuMs: number;
  /** Likewise of `bindery run`. */
  readonly binderyCpuMs: number;
  /** What the API server was asked by everybody, and what came of it later. */
  readonly asked: WriteCounts;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  return withInstantBroker(options, parallel, async (running, broker) =>
    measure(running, broker.url, options),
  );
}

async function measure(
  running: RunningBindery,
  brokerUrl: string,
  { progress, signal }: BenchOptions,
): Promise<readonly Measure[]> {
  const { api } = running;
  await installTwins(api);
  await registerBroker(api, 'instant', brokerUrl, timeoutMs);

  progress('warm-up');
  await served(running, 'bench-warm', 50);
  const results: { readonly bare: Round; readonly bindery: Round }[] = [];
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round} of ${rounds}`);
    // In turn first and second, because the API server grows slower with what it holds.
    const early = round % 2 === 1 ? await unavoidable(running, `bench-bare-${round}`, count) : undefined;
    const bindery = await served(running, `bench-${round}`, count);
    results.push({ bindery, bare: early ?? (await unavoidable(running, `bench-bare-${round}`, count)) });
  }
  const of = (who: 'bare' | 'bindery', what: keyof Omit<Round, 'asked'>): number =>
    median(results.map((result) => result[who][what]));
  return [
    compared(
      `${count} requests until the Secrets are there`,
      'per second',
      of('bindery', 'served'),
      of('bare', 'served'),
    ),
    compared(
      `${count} requests until the Pods are there`,
      'per second',
      of('bindery', 'admitted'),
      of('bare', 'admitted'),
    ),
    alone('the slowest round', 'per second', Math.min(...results.map(({ bindery }) => bindery.served))),
    compared('CPU of the API server', 'ms each', of('bindery', 'apiCpuMs'), of('bare', 'apiCpuMs')),
    alone('CPU of bindery run', 'ms each', of('bindery', 'binderyCpuMs')),
    ...askedMeasures(results),
  ];
}

/** What each request has the API server asked, by whomever; the commonest first. */
function askedMeasures(
  results: readonly { readonly bare: Round; readonly bindery: Round }[],
): readonly Measure[] {
  const keys = new Set(results.flatMap(({ bindery }) => [...bindery.asked.keys()]));
  const each = (who: 'bare' | 'bindery', key: string): number =>
    median(results.map((result) => (result[who].asked.get(key) ?? 0) / count));
  return [...keys]
    .map((key) => ({ key, bindery: each('bindery', key), bare: each('bare', key) }))
    .filter(({ bindery }) => bindery >= fewest)
    .toSorted((left, right) => right.bindery - left.bindery)
    .map(({ key, bindery, bare }) =>
      bare === 0 ? alone(key, 'each', bindery) : compared(key, 'each', bindery, bare),
    );
}

/** Deployments with an annotation, in a namespace of their own: what was asked for stays. */
async function served(running: RunningBindery, namespace: string, size: number): Promise<Round> {
  const { api } = running;
  const names = namesOf(size);
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const watch = await ReadyWatch.open(api, `/apis/${apiVersion}/namespaces/${namespace}/servicebindings`);
  try {
    const annotations = { 'bind.servicecatalog.k8s.io/db': `request/${className}/${planName}` };
    return await timed(running, namespace, size, async () => {
      await inParallel(names, parallel, async (name) => {
        await api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(name, annotations));
      });
      await watch.ready(
        names.map((name) => loginOf(namespace, { kind: 'Deployment', name })),
        timeoutMs,
      );
    });
  } finally {
    await watch.close();
    await api.deleteAll(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  }
}

/** The same number of plain Deployments, and by hand what Bindery has to write for each. */
async function unavoidable(running: RunningBindery, namespace: string, size: number): Promise<Round> {
  const { api } = running;
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const round = await timed(running, namespace, size, async () =>
    inParallel(namesOf(size), parallel, async (name) => {
      await api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(name, {}));
      await bareRequest(api, namespace, name);
    }),
  );
  await api.deleteAll(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  return round;
}

async function timed(
  { api, bindery }: RunningBindery,
  namespace: string,
  size: number,
  serve: () => Promise<unknown>,
): Promise<Round> {
  const before = [await api.text('/metrics'), await bindery.metrics()] as const;
  const startedAt = performance.now();
  const rate = (): number => (size * 1000) / (performance.now() - startedAt);
  const [round, admitted] = await Promise.all([
    serve().then(async () => {
      const servedRate = rate();
      const after = [await api.text('/metrics'), await bindery.metrics()] as const;
      const cpuMs = (of: 0 | 1): number => ((cpuSeconds(after[of]) - cpuSeconds(before[of])) * 1000) / size;
      return { served: servedRate, apiCpuMs: cpuMs(0), binderyCpuMs: cpuMs(1) };
    }),
    waitFor(async () => (await podCount(api, namespace)) >= size, { timeoutMs, intervalMs: 100 }).then(rate),
  ]);
  // Else it would come to those who are measured next.
  await calm(api);
  const asked = countsBetween(parseRequestCounts(before[0]), parseRequestCounts(await api.text('/metrics')));
  return { ...round, admitted, asked };
}

/** Resolves when nothing of a burst is left to be written. */
async function calm(api: BenchApi): Promise<void> {
  const writes = async (): Promise<number> =>
    [...(await writeCounts(api)).values()].reduce((sum, one) => sum + one, 0);
  let before = await writes();
  let seconds = 0;
  await waitFor(
    async () => {
      const now = await writes();
      seconds = now - before <= fewWrites ? seconds + 1 : 0;
      before = now;
      return seconds >= calmSeconds;
    },
    { timeoutMs, intervalMs: 1_000 },
  );
}

async function podCount(api: BenchApi, namespace: string): Promise<number> {
  const { items, metadata } = (await api.get(`/api/v1/namespaces/${namespace}/pods?limit=1`)) as {
    readonly items: readonly unknown[];
    readonly metadata: { readonly remainingItemCount?: number };
  };
  return items.length + (metadata.remainingItemCount ?? 0);
}

function namesOf(size: number): readonly string[] {
  return Array.from({ length: size }, (_, index) => `app-${index}`);
}

function loginOf(namespace: string, workload: WorkloadRef): string {
  const binding = 'db';
  const instance = requestedName(namespace, { of: 'workload', workload, binding, class: className });
  return requestedName(namespace, { of: 'login', workload, binding, instance, parameters: '' });
}
