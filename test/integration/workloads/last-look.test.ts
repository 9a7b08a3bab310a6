import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { KubeClient, type DeleteOptions } from '../../../src/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../../src/kube/objects.ts';
import { deployments, pods, secrets, type Resource } from '../../../src/kube/resources.ts';
import type { RunningRole } from '../../support/world/running-role.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deployed, hasty, losesItsTime, reclaiming, stands } from './kept-services.ts';
import { asking, deploy } from './requested-services.ts';

/** Something happens when a Secret has been deleted, before the next step. */
class InterruptedClient extends KubeClient {
  onSecretGone: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;

  /** Nobody else could lead here, so the permit always holds; another client would not be interrupted. */
  override under(): KubeClient {
    return this;
  }

  override async delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    await super.delete(resource, ref, options);
    const { onSecretGone } = this;
    if (resource !== secrets || onSecretGone === undefined) return;
    this.onSecretGone = undefined;
    await onSecretGone(options?.signal);
  }
}

let world: ServiceWorld;
let client: InterruptedClient;
let role: RunningRole;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  start();
  await world.register();
}, 90_000);
afterAll(async () => {
  await role?.stop();
  await world?.stop();
});

function start(): void {
  client = new InterruptedClient({ connection: world.client.connection });
  role = world.startRole('interrupted', hasty, client);
}

const secretGone = async (name: string): Promise<boolean> => (await world.find(secrets, name)) === undefined;

describe('a login whose Secret has been taken away', () => {
  it('gets it back, word for word, when a Pod has begun to name it', async () => {
    const service = await deployed(world, 'late', 'db', reclaiming('db', '1s'));
    const { name } = service.login.metadata;
    const before = await world.secret(name);
    client.onSecretGone = async () => {
      expect(await secretGone(name)).toBe(true);
      const containers = [
        { name: 'main', image: 'registry.example.com/app:1', envFrom: [{ secretRef: { name } }] },
      ];
      const metadata = { namespace: world.namespace, name: 'in-time' };
      await world.client.create(pods, { metadata, spec: { containers } } as KubeObject);
    };
    await world.remove(deployments, 'late');
    await waitFor(async () => (await world.find(pods, 'in-time')) !== undefined, { timeoutMs: 45_000 });
    await losesItsTime(world, serviceBindings, name);
    expect(await world.secret(name)).toEqual(before);
    await losesItsTime(world, serviceInstances, service.instance.metadata.name);
    await stands(world, service);
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    await world.remove(pods, 'in-time');
    await world.gone(serviceInstances, service.instance.metadata.name);
  }, 120_000);

  it('has it fetched again when the process ended there, and somebody asks', async () => {
    const service = await deployed(world, 'killed', 'db', reclaiming('db', '1s'));
    const { name } = service.login.metadata;
    const before = await world.secret(name);
    const reached = Promise.withResolvers<void>();
    client.onSecretGone = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('it ended')));
        reached.resolve();
      });
    await world.remove(deployments, 'killed');
    await reached.promise;
    await role.abandon();
    expect(await secretGone(name)).toBe(true);
    await deploy(world, 'killed', asking('db'));
    start();
    await waitFor(async () => !(await secretGone(name)), {
      timeoutMs: 45_000,
      describe: 'the Secret is there',
    });
    await world.binding(name, isReady, 'is ready');
    expect(await world.secret(name)).toEqual(before);
    await losesItsTime(world, serviceBindings, name);
    await losesItsTime(world, serviceInstances, service.instance.metadata.name);
    await stands(world, service);
    expect(world.broker.violations).toEqual([]);
  }, 120_000);

  it('goes, when the process ended there and nobody asks', async () => {
    const service = await deployed(world, 'over', 'db', reclaiming('db', '1s'));
    const reached = Promise.withResolvers<void>();
    client.onSecretGone = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('it ended')));
        reached.resolve();
      });
    await world.remove(deployments, 'over');
    await reached.promise;
    await role.abandon();
    start();
    await world.gone(serviceBindings, service.login.metadata.name);
    await world.gone(serviceInstances, service.instance.metadata.name);
  }, 120_000);
});
