import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { TestProxy } from '../../support/test-broker/test-proxy.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isLeading, LifeWorld, shortLease } from '../../support/world/life-world.ts';

/** A controller that is told apart: by its user at the API server, by its proxy at the broker. */
interface Replica {
  readonly user: string;
  readonly proxy: TestProxy;
  readonly bindery: BinderyProcess;
}

const auditBase = join(tmpdir(), `bindery-audit-${randomBytes(6).toString('hex')}`);
const auditPolicy = `${auditBase}.yaml`;
const auditLog = `${auditBase}.log`;

let life: LifeWorld;
let replicas: readonly Replica[];

beforeAll(async () => {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  await writeFile(auditPolicy, JSON.stringify({ ...policy, rules: [{ level: 'Metadata' }] }));
  life = await LifeWorld.start({
    // No loopback address: those are never proxied.
    hostname: 'broker.test',
    apiServerArgs: [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${auditLog}`],
  });
}, 120_000);

afterAll(async () => {
  await life?.stop();
  await Promise.all([auditPolicy, auditLog].map((file) => rm(file, { force: true })));
});

async function startReplica(user: string, lease: readonly string[]): Promise<Replica> {
  const proxy = await TestProxy.start();
  const kubeconfig = await life.world.controlPlane.kubeconfigFor(user, ['system:masters']);
  const args = ['--max-poll-interval=500ms', ...lease];
  const env = { http_proxy: proxy.url };
  return { user, proxy, bindery: await life.startBindery({ role: 'controller', kubeconfig, args, env }) };
}

interface AuditLine {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string };
  readonly requestReceivedTimestamp: string;
}

/** What the user wrote since then, the Lease apart. */
async function writesOf(user: string, since: Date): Promise<readonly string[]> {
  const lines = (await readFile(auditLog, 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ user: { username }, verb }) => username === user && !['get', 'list', 'watch'].includes(verb))
    .filter(({ objectRef }) => objectRef?.resource !== 'leases')
    .filter(({ requestReceivedTimestamp }) => new Date(requestReceivedTimestamp) >= since)
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`);
}

async function leaderAndStandby(): Promise<readonly [Replica, Replica]> {
  const leading = await life.leaderOf(replicas.map(({ bindery }) => bindery));
  const [first, second] = replicas as [Replica, Replica];
  return first.bindery === leading ? [first, second] : [second, first];
}

const cases = [
  { name: 'usual', lease: [], stopMs: 30_000 },
  // What it knew when it was stopped is still fresh when it goes on: nothing has to be read before something is sent.
  { name: 'short', lease: shortLease, stopMs: 10_000 },
];

describe.each(cases)('a leader that is stopped for $stopMs ms, with a Lease that is $name', (options) => {
  const { name, lease, stopMs } = options;

  beforeAll(async () => {
    replicas = [await startReplica(`${name}-a`, lease), await startReplica(`${name}-b`, lease)];
    if ((await life.world.find(clusterServiceBrokers, 'test')) === undefined) await life.world.register();
  }, 120_000);

  afterAll(async () => {
    for (const { proxy, bindery } of replicas) {
      await bindery.end();
      await proxy[Symbol.asyncDispose]();
    }
  });

  it('sends nothing to the broker and writes nothing after another leads', async () => {
    const { world } = life;
    const [old, next] = await leaderAndStandby();
    // Some are polled twice a second, others wait for the answer to their PUT: there is something to send at any time.
    world.broker.forget();
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1_000 }, 10);
    for (let index = 0; index < 10; index++) await world.createInstance(`${name}-polled-${index}`);
    await waitFor(() => world.broker.requestsOf('pollInstance').length > 20, {
      describe: 'instances that are polled',
    });
    world.broker.script({ operation: 'provision' }, { kind: 'delay', ms: 2_000 }, 10);
    for (let index = 0; index < 10; index++) await world.createInstance(`${name}-asked-${index}`);
    await waitFor(() => world.broker.requestsOf('provision').length > 10, { describe: 'a PUT under way' });

    old.bindery.pause();
    const stoppedMs = performance.now();
    await waitFor(() => isLeading(next.bindery), { timeoutMs: 40_000, describe: 'the other one leads' });
    const since = new Date((await life.lease())?.spec?.acquireTime ?? '');
    const heardFromOld = old.proxy.requests.length;
    const heardFromNext = next.proxy.requests.length;
    await life.serves(`${name}-while-stopped`);
    await delay(Math.max(0, stopMs - (performance.now() - stoppedMs)));

    old.bindery.resume();
    await waitFor(async () => (await old.bindery.log()).includes('lost the lead'), {
      describe: 'the old leader has noticed',
    });
    await life.serves(`${name}-after-it-goes-on`);
    await expect(leaderAndStandby()).resolves.toEqual([next, old]);
    expect(next.proxy.requests.length).toBeGreaterThan(heardFromNext + 10);
    // Of twenty objects. The process may have been stopped between its look at the permit and the system call.
    const late = [...old.proxy.requests.slice(heardFromOld), ...(await writesOf(old.user, since))];
    expect(late.slice(1)).toEqual([]);
    await expect(writesOf(next.user, since)).resolves.not.toEqual([]);
  }, 180_000);

  it('is the same process, and leads again when the other one ends', async () => {
    const [next, old] = await leaderAndStandby();
    const heard = old.proxy.requests.length;
    await next.bindery.end();
    await life.serves(`${name}-after-the-other`);
    expect(old.proxy.requests.length).toBeGreaterThan(heard);
    expect(old.bindery.exitCode).toBeUndefined();
  }, 90_000);
});
