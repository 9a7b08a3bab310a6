/** `bindery run` beside a bare client: 200 Deployments that ask for a service by annotation, created at once. */
import { errorMessage } from '../../src/base/logger.ts';
import { requestedName, type WorkloadRef } from '../../src/api/requested-identity.ts';
import { waitFor } from '../support/wait-for.ts';
import { startControlPlane, type ControlPlane } from '../cluster/control-plane.ts';
import { alone, compared, median, type BenchOptions, type Measure } from './measure.ts';
import { bareRequest } from './provision/api-limit.ts';
import { BenchApi, inParallel } from './provision/bench-api.ts';
import { className, planName, startInstantBroker } from './provision/instant-broker.ts';
import { apiVersion, deployment } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { installTwins } from './provision/twin-kinds.ts';
import { buildBundle, startShipped } from './shipped-bindery.ts';

export const summary =
  '200 annotated Deployments until their Secrets are there, against the limit of the API server';

const rounds = 3;
const count = 200;
const parallel = 32;
const timeoutMs = 180_000;

/** What came of one round, in requests per second. */
interface Rates {
  /** Until the last Secret is there. */
  readonly served: number;
  /** Until the last Pod is there, which the controllers of Kubernetes make. */
  readonly admitted: number;
}

export async function run(options: BenchOptions): Promise<readonly Measure[]> {
  const { progress, signal } = options;
  await using cleanUp = new AsyncDisposableStack();
  progress('control plane');
  const plane = await startControlPlane({ log: progress, signal });
  cleanUp.defer(async () => plane.stop());
  const broker = await startInstantBroker();
  cleanUp.defer(async () => broker.stop());
  progress('build and start bindery run');
  await buildBundle(signal);
  const bindery = await startShipped({ kubeconfig: plane.kubeconfig, signal });
  cleanUp.defer(async () => bindery.stop());
  try {
    return await measure(plane, broker.url, options);
  } catch (error: unknown) {
    const log = await bindery.logTail(15);
    throw new Error(`${errorMessage(error)}\nThe last log lines of bindery run:\n${log.join('\n')}`, {
      cause: error,
    });
  }
}

async function measure(
  plane: ControlPlane,
  brokerUrl: string,
  { progress, signal }: BenchOptions,
): Promise<readonly Measure[]> {
  await using cleanUp = new AsyncDisposableStack();
  const api = await BenchApi.open(plane, parallel);
  cleanUp.defer(async () => api.close());
  await installTwins(api);
  await registerBroker(api, brokerUrl);

  progress('warm-up');
  await served(api, 'bench-warm', 50);
  const results: { readonly bare: Rates; readonly bindery: Rates }[] = [];
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round} of ${rounds}`);
    // In turn first and second, because the API server grows slower with what it holds.
    const early = round % 2 === 1 ? await unavoidable(api, `bench-bare-${round}`, count) : undefined;
    const bindery = await served(api, `bench-${round}`, count);
    results.push({ bindery, bare: early ?? (await unavoidable(api, `bench-bare-${round}`, count)) });
  }
  const of = (who: 'bare' | 'bindery', what: keyof Rates): number =>
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
  ];
}

async function registerBroker(api: BenchApi, url: string): Promise<void> {
  const path = `/apis/${apiVersion}/clusterservicebrokers`;
  const watch = await ReadyWatch.open(api, path);
  try {
    await api.create(path, {
      apiVersion,
      kind: 'ClusterServiceBroker',
      metadata: { name: 'instant' },
      spec: { url },
    });
    await watch.ready(['instant'], timeoutMs);
  } finally {
    await watch.close();
  }
}

/** Deployments with an annotation, in a namespace of their own: what was asked for stays. */
async function served(api: BenchApi, namespace: string, size: number): Promise<Rates> {
  const names = namesOf(size);
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const watch = await ReadyWatch.open(api, `/apis/${apiVersion}/namespaces/${namespace}/servicebindings`);
  try {
    const annotations = { 'bind.servicecatalog.k8s.io/db': `request/${className}/${planName}` };
    return await timed(api, namespace, size, async () => {
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
async function unavoidable(api: BenchApi, namespace: string, size: number): Promise<Rates> {
  await api.create('/api/v1/namespaces', { metadata: { name: namespace } });
  const rates = await timed(api, namespace, size, async () =>
    inParallel(namesOf(size), parallel, async (name) => {
      await api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(name, {}));
      await bareRequest(api, namespace, name);
    }),
  );
  await api.deleteAll(`/apis/apps/v1/namespaces/${namespace}/deployments`);
  return rates;
}

async function timed(
  api: BenchApi,
  namespace: string,
  size: number,
  serve: () => Promise<unknown>,
): Promise<Rates> {
  const startedAt = performance.now();
  const rate = (): number => (size * 1000) / (performance.now() - startedAt);
  const [servedRate, admittedRate] = await Promise.all([
    serve().then(rate),
    waitFor(async () => (await podCount(api, namespace)) >= size, { timeoutMs, intervalMs: 100 }).then(rate),
  ]);
  return { served: servedRate, admitted: admittedRate };
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
