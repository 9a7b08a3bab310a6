import type { ClusterServiceBroker } from '../../../src/api/generated/cluster-service-broker.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { clusterServiceBrokers } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { freePort } from '../../support/free-port.ts';
import { refuse, refuseNoMore } from '../../support/world/refusing-policy.ts';
import { ServiceWorld, readyReason } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const brokerCount = 24;
const observedMs = 5000;

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
}, 60_000);
afterAll(() => world.stop());

/** An API server that takes no status of ours, as one whose etcd is full. */
function refuseStatuses(): Promise<void> {
  const resource = 'clusterservicebrokers/status';
  const refusal = { operation: 'UPDATE', resource, expression: 'false', message: 'no space' } as const;
  return refuse(world.client, 'no-space', refusal);
}

async function createBroker(name: string, url: string): Promise<void> {
  const object = { apiVersion, kind: clusterServiceBrokers.kind, metadata: { name }, spec: { url } };
  await world.client.create(clusterServiceBrokers, object);
}

/** A policy is in force a moment after it is made. */
async function isRefused(name: string): Promise<boolean> {
  const status = { operationStartTime: '2026-01-01T00:00:00Z' };
  return world.client
    .patch<ClusterServiceBroker>(
      clusterServiceBrokers,
      { name },
      { status },
      {
        type: 'merge',
        subresource: 'status',
      },
    )
    .then(
      () => false,
      (error: unknown) => String(error).includes('no space'),
    );
}

it('24 failing brokers whose status can not be written make no storm, and are told of soon after it can', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const names = Array.from({ length: brokerCount }, (_, number) => `dead-${number}`);
  await Promise.all(names.map((name) => createBroker(name, url)));
  await refuseStatuses();
  await waitFor(() => isRefused('dead-0'), { describe: 'statuses are refused' });

  world.startControllers();
  const isStatus = (write: string): boolean => write === 'PUT clusterservicebrokers';
  const count = (): number => world.writes.filter(isStatus).length;
  // The finalizers, and a first status of most of them.
  await waitFor(() => count() > brokerCount * 1.5, { describe: 'the brokers are looked at' });
  const before = count();
  const startedMs = performance.now();
  await waitFor(() => performance.now() - startedMs > observedMs);
  expect(count() - before).toBeLessThan((observedMs / 1000) * 20);

  await refuseNoMore(world.client, 'no-space');
  for (const name of names) {
    const isTold = (broker: KubeObject): boolean => readyReason(broker) === 'ErrorFetchingCatalog';
    await world.until(clusterServiceBrokers, name, isTold, 'says what is wrong');
  }
});
