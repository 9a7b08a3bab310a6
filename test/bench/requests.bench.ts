/** `bindery run` beside a bare client: 200 Deployments that ask for a service by annotation, created at once. */
import { requestedName, type WorkloadRef } from '../../src/api/requested-identity.ts';
import { waitFor } from '../support/wait-for.ts';
import { alone, compared, median, type BenchOptions, type Measure } from './measure.ts';
import { bareRequest } from './provision/api-limit.ts';
import { inParallel, type BenchApi } from './provision/bench-api.ts';
import { className, planName } from './provision/instant-broker.ts';
import { apiVersion, deployment } from './provision/objects.ts';
import { ReadyWatch } from './provision/ready-watch.ts';
import { registerBroker } from './provision/register-broker.ts';
import { installTwins } from './provision/twin-kinds.ts';
import { withInstantBroker } from './with-bindery.ts';

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
  return withInstantBroker(options, parallel, async ({ api }, broker) => measure(api, broker.url, options));
}

async function measure(
  api: BenchApi,
  brokerUrl: string,
  { progress, signal }: BenchOptions,
): Promise<readonly Measure[]> {
  await installTwins(api);
  await registerBroker(api, 'instant', brokerUrl, timeoutMs);

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
