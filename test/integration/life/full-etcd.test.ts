import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps } from '../../../src/kube/resources.ts';
import { parseWriteCounts, type WriteCounts } from '../../bench/provision/api-writes.ts';
import { freePort } from '../../support/free-port.ts';
import { isReady, readyReason } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { becomesWell, LifeWorld, probes } from '../../support/world/life-world.ts';

const quotaBytes = 32 * 2 ** 20;
const brokerCount = 24;
const observedMs = 10_000;
/** Per second, of all that is ours. */
const mostWrites = 20;
const ours = /servicecatalog|servicebrokers|serviceinstances|servicebindings|leases|events/;

let life: LifeWorld;
let bindery: BinderyProcess;

beforeAll(async () => {
  life = await LifeWorld.start({ etcdArgs: [`--quota-backend-bytes=${quotaBytes}`] });
  // With a Lease, which can not be renewed either, nobody would reconcile anything.
  bindery = await life.startBindery({
    role: 'controller',
    args: ['--leader-elect=false', '--max-retry-interval=5s'],
  });
  await life.world.register();
}, 120_000);
afterAll(() => life?.stop());

/** Until etcd takes nothing more. What is deleted makes room only when somebody cleans up. */
async function fill(): Promise<void> {
  const { client, namespace } = life.world;
  for (let part = 0; ; part++) {
    const metadata = { name: `filler-${part}`, namespace };
    try {
      await client.create(configMaps, { metadata, data: { filler: 'x'.repeat(900_000) } } as KubeObject);
    } catch (error) {
      if (/space exceeded/.test(String(error))) return;
      throw error;
    }
  }
}

/** What an operator does: deletes something, compacts, defragments, and takes the alarm back. */
async function cleanUp(): Promise<void> {
  const { client, namespace, controlPlane } = life.world;
  const { items } = await client.list(configMaps, { namespace });
  const fillers = items.filter(({ metadata }) => metadata.name.startsWith('filler-'));
  for (const { metadata } of fillers) await client.delete(configMaps, { namespace, name: metadata.name });
  const etcd = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${controlPlane.etcdUrl}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { header } = (await etcd('/v3/maintenance/status', {})) as {
    header: { revision: string; member_id: string };
  };
  await etcd('/v3/kv/compaction', { revision: header.revision, physical: true });
  await etcd('/v3/maintenance/defragment', {});
  await etcd('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: header.member_id });
}

async function writeCounts(): Promise<WriteCounts> {
  return parseWriteCounts((await life.world.controlPlane.kubectl(['get', '--raw=/metrics'])).stdout);
}

function writesOfOurs(counts: WriteCounts): number {
  return [...counts].reduce((sum, [what, count]) => (ours.test(what) ? sum + count : sum), 0);
}

it('a full etcd makes no storm and breaks nothing: what waited is done when there is room again', async () => {
  const { world } = life;
  await world.createInstance('before');
  await world.instance('before', isReady, 'is ready');
  const url = `http://127.0.0.1:${await freePort()}`;
  const names = Array.from({ length: brokerCount }, (_none, number) => `dead-${number}`);
  for (const name of names) {
    const object = { apiVersion, kind: clusterServiceBrokers.kind, metadata: { name }, spec: { url } };
    await world.client.create(clusterServiceBrokers, object);
  }
  world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Number.POSITIVE_INFINITY });
  await world.createInstance('caught');
  await world.instance('caught', ({ status }) => status?.asyncOpInProgress === true, 'is under way');
  await fill();
  // The broker has done it, and nobody can note it down.
  world.broker.finishPending();

  const before = writesOfOurs(await writeCounts());
  const startedMs = performance.now();
  await waitFor(() => performance.now() - startedMs > observedMs, { timeoutMs: 2 * observedMs });
  expect(writesOfOurs(await writeCounts()) - before).toBeLessThan((observedMs / 1000) * mostWrites);
  expect(await probes(bindery)).toEqual({ livez: 200, readyz: 200 });

  await cleanUp();
  await world.instance('caught', isReady, 'is ready');
  for (const name of names) {
    const isTold = (broker: KubeObject): boolean => readyReason(broker) === 'ErrorFetchingCatalog';
    await world.until(clusterServiceBrokers, name, isTold, 'says what is wrong');
  }
  await becomesWell(bindery);
  await life.serves('after');
  expect(world.broker.requestsOf('provision')).toHaveLength(3);
  expect(world.broker.requestsOf('deprovision')).toEqual([]);
}, 120_000);
