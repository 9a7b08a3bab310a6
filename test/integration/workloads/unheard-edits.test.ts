import { serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, statefulSets } from '../../../src/kube/resources.ts';
import { RelayedWatchClient } from '../../support/relayed-watch-client.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { RunningRole } from '../../support/world/running-role.ts';
import { asking, deploy, inUse, reask, requestedFor } from './requested-services.ts';

/** Hears of Deployments through a relay. */
let relay: TcpRelay;
let world: ServiceWorld;
let role: RunningRole;
let client: RelayedWatchClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  relay = await TcpRelay.start(world.client.connection.server);
  client = new UnledClient({ connection: world.client.connection }, relay, deployments);
  role = world.startRole('hampered', {}, client);
  await world.register();
}, 90_000);
afterAll(async () => {
  await role?.stop();
  await relay?.close();
  await world?.stop();
});

/** Nobody else could lead here, so the permit always holds; another client would not be hampered. */
class UnledClient extends RelayedWatchClient {
  override under(): this {
    return this;
  }
}

it('a plan is not taken back by who has not heard that the workload asks for it', async () => {
  const { metadata } = await inUse(world, 'edited', 'db');
  await waitFor(() => client.heard.includes('ADDED edited'), { describe: 'the watch tells of Deployments' });
  relay.silence();
  await reask(world, 'edited', { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/large' });
  const ref = { namespace: world.namespace, name: metadata.name };
  const spec = { clusterServicePlanExternalName: 'large', clusterServicePlanRef: null };
  await world.client.patch(serviceInstances, ref, { spec }, { type: 'merge' });
  for (const name of ['look', 'look-again']) {
    await deploy(world, name, asking('db'), statefulSets);
    const { login } = requestedFor(world.namespace, { kind: 'StatefulSet', name }, 'db');
    await world.binding(login, isReady, 'is ready');
  }
  const after = await world.instance(
    metadata.name,
    (one) => isReady(one) && one.status?.externalProperties?.clusterServicePlanExternalName === 'large',
    'has the plan that is asked for',
  );
  expect(after.spec.clusterServicePlanExternalName).toBe('large');
  expect(world.broker.requestsOf('update')).toHaveLength(1);
});
