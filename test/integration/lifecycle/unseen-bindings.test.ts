import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { RelayedWatchClient } from '../../support/relayed-watch-client.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { waitFor } from '../../support/wait-for.ts';

const elected = { leaderElect: 'true' };

function isBlocked({ status }: ServiceInstance): boolean {
  const reason = 'DeprovisionBlockedByExistingCredentials';
  return status?.conditions?.some((condition) => condition.reason === reason) === true;
}

let world: ServiceWorld;
let relay: TcpRelay;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  relay = await TcpRelay.start(world.client.connection.server);
}, 90_000);
afterAll(async () => {
  await relay?.close();
  await world?.stop();
});

it('an instance is not deprovisioned by a new leader whose watch has not told of its binding', async () => {
  const leader = world.startRole('leader', elected);
  await world.register();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
  const client = new RelayedWatchClient({ connection: world.client.connection }, relay, serviceBindings);
  const standby = world.startRole('standby', elected, client);
  try {
    await world.createBinding('heard', 'db');
    await world.binding('heard', isReady, 'is ready');
    await world.remove(serviceBindings, 'heard');
    await waitFor(() => client.heard.includes('DELETED heard'), { describe: 'the watch tells of bindings' });
    relay.silence();
    await world.createBinding('db', 'db');
    await world.binding('db', isReady, 'is ready');
    await leader.abandon();
    await world.remove(serviceInstances, 'db');
    await world.instance('db', isBlocked, 'waits for its binding');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await world.remove(serviceBindings, 'db');
    relay.cut();
    await world.gone(serviceBindings, 'db');
    await world.gone(serviceInstances, 'db');
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.violations).toEqual([]);
  } finally {
    await leader.abandon();
    await standby.stop();
  }
}, 120_000);
