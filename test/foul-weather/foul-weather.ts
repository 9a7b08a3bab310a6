/**
 * `npm run foul-weather`: what an operator fears, for two minutes, while people go on ordering databases and using
 * them. In the end everything that was asked for has to be there and to work, and nothing else. Options: --seconds=120,
 * --seed=<number of an earlier run>.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { errorMessage, silentLogger } from '../../src/base/logger.ts';
import { install } from '../../src/commands/install.ts';
import { readManifests } from '../../src/commands/manifests.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/credentials.ts';
import { clusterServiceBrokers } from '../../src/api/kinds.ts';
import { apiVersion } from '../../src/api/group.ts';
import { namespaces, secrets } from '../../src/kube/resources.ts';
import { startPostgresBroker, type PostgresBroker } from '../../demo/postgres-broker/server.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { Balancer } from './balancer.ts';
import { Fleet } from './fleet.ts';
import { Harbour, namespace } from './harbour.ts';
import { Log } from './log.ts';
import { Random } from './random.ts';
import { storms } from './storms.ts';
import { survey, type SurveyDeps } from './survey.ts';
import type { Weather } from './weather.ts';

const { values: flags } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, seed: { type: 'string' } },
});
const lengthMs = Number(flags.seconds) * 1000;
const seed = Number(flags.seed ?? randomInt(1_000_000));
/** Time to recover: silent connections are noticed by the next request, a Lease has to end, back-offs pass. */
const calmMs = 120_000;
const seedingMs = 5_000;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error(name)));
const log = new Log();

try {
  if (!(lengthMs > 0) || !Number.isInteger(seed)) throw new Error('--seconds and --seed take whole numbers');
  const problems = await sail(stop.signal);
  for (const problem of problems) log.line(`  ! ${problem}`);
  log.line(
    problems.length === 0
      ? `foul weather: ok after ${log.seconds} s (seed ${seed})`
      : `foul weather: ${problems.length} things are not as they have to be; again with --seed=${seed}`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error: unknown) {
  log.line(`foul weather: failed after ${log.seconds} s: ${errorMessage(error)}; again with --seed=${seed}`);
  process.exitCode = 1;
}

async function sail(signal: AbortSignal): Promise<readonly string[]> {
  await using cleanUp = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'bindery-foul-weather-'));
  cleanUp.defer(async () => rm(directory, { recursive: true, force: true }));
  const plane = await startControlPlane({ signal, log: (line) => log.line(line) });
  cleanUp.defer(async () => plane.stop());
  const client = new KubeClient({ connection: await loadConnection({ kubeconfig: plane.kubeconfig }) });
  cleanUp.defer(async () => client.close());
  const balancer = await Balancer.start();
  cleanUp.defer(async () => balancer.stop());
  await prepare(client, balancer, signal);
  const fleet = await Fleet.start({ plane, balancer, directory, signal });
  cleanUp.defer(async () => fleet.stop());
  const broker = await startPostgresBroker(signal);
  cleanUp.defer(async () => broker.stop());
  const brokerRelay = await TcpRelay.start(new URL(broker.url));
  cleanUp.defer(async () => brokerRelay.close());
  await register(client, broker, brokerRelay.url(new URL(broker.url)), signal);

  const random = new Random(seed);
  // Of their own, so that how long a storm takes does not change what the people do.
  const harbour = new Harbour(client, new Random(seed + 1), signal);
  const weather: Weather = {
    client,
    plane,
    fleet,
    harbour,
    brokerRelay,
    random,
    signal,
    say: (what) => log.news(what),
  };
  await storm(weather);
  const deps: SurveyDeps = { client, fleet, harbour, postgres: broker.postgres, signal };
  const problems = [...harbour.losses, ...(await calm(deps)), ...(await said(fleet))];
  if (problems.length > 0) await log.keep('bindery-foul-weather.log', await fleet.log());
  return problems;
}

async function prepare(client: KubeClient, balancer: Balancer, signal: AbortSignal): Promise<void> {
  const system = 'bindery-system';
  for (const name of [system, namespace]) {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal });
  }
  const manifests = await readManifests();
  const webhookUrl = new URL(`https://${balancer.host}`);
  await install({ client, logger: silentLogger, manifests, namespace: system, webhookUrl }, signal);
}

async function register(
  client: KubeClient,
  broker: PostgresBroker,
  url: URL,
  signal: AbortSignal,
): Promise<void> {
  const secretRef = { namespace: 'bindery-system', name: 'postgres-broker' };
  const text = { username: broker.username, password: broker.password };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: secretRef, stringData: text };
  await client.create(secrets, secret, { signal });
  const object = {
    apiVersion,
    kind: clusterServiceBrokers.kind,
    metadata: { name: 'postgres' },
    spec: { url: url.origin, authInfo: { basic: { secretRef } } },
  };
  await client.create(clusterServiceBrokers, object, { signal });
}

/** Every storm once, in an order that the seed decides, then more of them until the time is over. */
async function storm(weather: Weather): Promise<void> {
  const { fleet, harbour, random, signal } = weather;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const living = [harbour.work(until), tend(fleet, until), report(weather, until)];
  const failed = Promise.all(living).then(() => undefined);
  try {
    await Promise.race([delay(seedingMs, undefined, { signal }), failed]);
    const deadline = performance.now() + lengthMs;
    while (performance.now() < deadline) {
      for (const { run } of random.shuffled(storms)) {
        if (performance.now() >= deadline) break;
        await Promise.race([run(weather), failed]);
        await delay(random.between(0, 3) * 1000, undefined, { signal });
      }
    }
  } finally {
    over.abort();
  }
  await failed;
}

async function tend(fleet: Fleet, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await fleet.tend();
    await delay(500, undefined, { signal: until }).catch(() => undefined);
  }
}

async function report({ harbour, fleet }: Weather, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    const { wanted, orders, losses } = harbour;
    const used = wanted.filter(({ mark }) => mark !== undefined).length;
    const counts = `${wanted.length} wanted, ${used} in use, ${orders.length - wanted.length} given back`;
    log.progress(`${counts}, ${losses.length} losses, ${fleet.deaths.length} deaths`);
    await delay(1000, undefined, { signal: until }).catch(() => undefined);
  }
}

/** Waits until all is well; gives what still is not when the time is over. */
async function calm(deps: SurveyDeps): Promise<readonly string[]> {
  log.news('the weather is fair: waiting until all is well');
  for (const deadline = performance.now() + calmMs; ; await delay(1000, undefined, { signal: deps.signal })) {
    await deps.fleet.tend();
    const problems = await survey(deps);
    if (problems.length === 0 || performance.now() > deadline) return problems;
    log.progress(`${problems.length} not yet as they have to be: ${problems[0]}`);
  }
}

/** A process may end when it can not do what it has to; what it must not do is break. */
async function said(fleet: Fleet): Promise<readonly string[]> {
  const broken = (await fleet.log())
    .split('\n')
    .filter((line) => /unhandled|a listener failed|RangeError/.test(line));
  for (const death of fleet.deaths) log.line(`  a process ended by itself: ${death}`);
  return broken.map((line) => `log: ${line.slice(0, 300)}`);
}
