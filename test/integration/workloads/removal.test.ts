import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { CallOptions, KubeClient, ListQuery } from '../../../src/kube/client.ts';
import { KubeApiError } from '../../../src/kube/errors.ts';
import type { KubeList, KubeObject } from '../../../src/kube/objects.ts';
import {
  configMaps,
  cronJobs,
  deployments,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { RunningRole } from '../../support/world/running-role.ts';
import { RelayedWatchClient } from '../../support/relayed-watch-client.ts';
import { TcpRelay } from '../../support/tcp-relay.ts';
import { deployWithoutPods, hasty, isSame, isTold } from './kept-services.ts';
import { asking, deploy, requestedFor, inUse, isKept, lookAround } from './requested-services.ts';

/** Hears of StatefulSets through a relay, may be refused lists of CronJobs, and may be slow to list bindings. */
class HamperedClient extends RelayedWatchClient {
  isRefused = false;
  /** Happens once, after bindings were read and before the answer is there. */
  meanwhile: (() => Promise<void>) | undefined;

  /** Nobody else could lead here, so the permit always holds; another client would not be hampered. */
  override under(): KubeClient {
    return this;
  }

  override async list<T extends KubeObject>(
    resource: Resource,
    query?: ListQuery,
    options?: CallOptions,
  ): Promise<KubeList<T>> {
    if (this.isRefused && resource === cronJobs)
      throw new KubeApiError({ status: 403, reason: 'Forbidden', message: 'cronjobs is forbidden' });
    const list = await super.list<T>(resource, query, options);
    const { meanwhile } = this;
    if (meanwhile !== undefined && resource === serviceBindings) {
      this.meanwhile = undefined;
      await meanwhile();
    }
    return list;
  }
}

let world: ServiceWorld;
let relay: TcpRelay;
let client: HamperedClient;
let role: RunningRole;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  relay = await TcpRelay.start(world.client.connection.server);
  client = new HamperedClient({ connection: world.client.connection }, relay, statefulSets);
  role = world.startRole('hampered', hasty, client);
  await world.register();
}, 90_000);
afterEach(() => world.broker.forget());
afterAll(async () => {
  await role?.stop();
  await relay?.close();
  await world?.stop();
});

describe('a service that was requested by annotation', () => {
  it('stays when its new owner is known to the API server only: the watch of that kind is silent', async () => {
    const shared = {
      ...asking('silent'),
      'share.bind.servicecatalog.k8s.io/silent': 'Deployment/first-owner',
    };
    const instance = await inUse(world, 'first-owner', 'silent');
    await deploy(world, 'heard', {}, statefulSets);
    await waitFor(() => client.heard.includes('ADDED heard'), {
      describe: 'the watch tells of StatefulSets',
    });
    relay.silence();
    await deployWithoutPods(world, 'next-owner', shared, statefulSets);
    await world.remove(deployments, 'first-owner');
    await isTold(world, instance.metadata.name, 'ReclaimCancelled', /StatefulSet "next-owner" asks for it/);
    // The watch that is silent goes on to say that nobody asks: it may have another time, and be looked at once more.
    const now = await world.instance(instance.metadata.name, () => true, 'is there');
    expect(now.metadata).toMatchObject({ uid: instance.metadata.uid });
    expect(now.metadata.deletionTimestamp).toBeUndefined();
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
  });

  it('stays while one kind that could ask for it can not be listed, and the log says so', async () => {
    // Before: who looks already has the list that would be refused.
    client.isRefused = true;
    const instance = await inUse(world, 'refused', 'refused');
    await world.remove(deployments, 'refused');
    const said = 'nothing is removed in namespace';
    await waitFor(() => world.eavesdropper.log.includes(said), { describe: 'the log says why' });
    await isKept(world, instance);
    client.isRefused = false;
    await world.gone(serviceBindings, requestedFor(world.namespace, 'refused', 'refused').login);
    await world.gone(serviceInstances, instance.metadata.name);
  });

  it('stays when the resource of an operator becomes the owner of its workload', async () => {
    const instance = await inUse(world, 'operated', 'operated');
    const { metadata } = await world.client.create<KubeObject>(configMaps, {
      metadata: { namespace: world.namespace, name: 'operated' },
    });
    const owner = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'operated',
      uid: metadata.uid,
      controller: true,
    };
    await world.client.patch(
      deployments,
      { namespace: world.namespace, name: 'operated' },
      { metadata: { ownerReferences: [owner] } },
      { type: 'merge' },
    );
    await lookAround(world);
    await isKept(world, instance);
  });

  it('stays when somebody binds it while it is looked at', async () => {
    const instance = await inUse(world, 'late', 'late');
    client.meanwhile = async () => {
      await world.createBinding('just-in-time', instance.metadata.name);
    };
    await world.remove(deployments, 'late');
    await world.gone(serviceBindings, requestedFor(world.namespace, 'late', 'late').login);
    await isTold(world, instance.metadata.name, 'ReclaimCancelled', /"just-in-time" uses it/);
    await isSame(world, serviceInstances, instance);
  });

  it('stays while a binding that somebody made uses it, and goes with that', async () => {
    const { metadata } = await inUse(world, 'used', 'used');
    await world.createBinding('of-a-person', metadata.name);
    await world.binding('of-a-person', isReady, 'is ready');
    await world.remove(deployments, 'used');
    await world.gone(serviceBindings, requestedFor(world.namespace, 'used', 'used').login);
    await lookAround(world);
    const used = await world.instance(metadata.name, isReady, 'is ready');
    expect(used.metadata).toMatchObject({ uid: metadata.uid });
    expect(used.metadata.deletionTimestamp).toBeUndefined();
    await world.remove(serviceBindings, 'of-a-person');
    await world.gone(serviceInstances, metadata.name);
  });
});
