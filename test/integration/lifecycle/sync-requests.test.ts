import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { syncRequestedAtAnnotation } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets, type Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { expectCleanBroker, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxRetryInterval: '1h', secretCheckInterval: '1h' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

/** Far longer than any test waits. */
const longS = '3600';
const notNow = {
  kind: 'answer',
  status: 422,
  body: { error: 'ConcurrencyError' },
  headers: { 'Retry-After': longS },
} as const;

async function ask(resource: Resource, name: string, request: string): Promise<void> {
  const annotations = { [syncRequestedAtAnnotation]: request };
  const ref = resource.namespaced ? { namespace: world.namespace, name } : { name };
  await world.client.patch(resource, ref, { metadata: { annotations } }, { type: 'merge' });
}

const waits = ({ status }: ServiceInstance) => Boolean(status?.nextAttemptTime);

interface Synced extends KubeObject {
  readonly status?: { readonly lastHandledSyncRequest?: string };
}

describe('a request to look now', () => {
  it('does not wait for the next attempt, and is answered once', async () => {
    world.broker.script({ operation: 'provision' }, notNow);
    await world.createInstance('db');
    await world.instance('db', waits, 'waits');
    await ask(serviceInstances, 'db', 'now');
    const made = await world.instance('db', isReady, 'is ready');
    expect(made.status?.lastHandledSyncRequest).toBe('now');
    await removeInstance(world, 'db');
  });

  it('does not wait for the next poll', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1, retryAfter: longS });
    await world.createInstance('db');
    await waitFor(() => world.broker.requestsOf('pollInstance').length > 0, { describe: 'it is polled' });
    await ask(serviceInstances, 'db', 'now');
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });

  it('has the Secret of a binding put right', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await world.remove(secrets, 'login');
    await ask(serviceBindings, 'login', 'now');
    await waitFor(async () => (await world.find(secrets, 'login')) !== undefined, {
      describe: 'the Secret is back',
    });
    const isAnswered = ({ status }: ServiceBinding) => status?.lastHandledSyncRequest === 'now';
    await world.binding('login', isAnswered, 'is answered');
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });

  it('sends a DELETE again, and not as often as somebody asks', async () => {
    const { spec } = await readyInstance(world, 'db');
    const script = world.broker.script({ operation: 'deprovision' }, notNow, 'always');
    await world.remove(serviceInstances, 'db');
    await world.instance('db', waits, 'waits');
    const sent = (): number =>
      world.broker.requestsOf('deprovision').filter(({ instanceId }) => instanceId === spec.externalID)
        .length;
    const before = sent();
    for (let request = 1; request <= 20; request++) await ask(serviceInstances, 'db', `request ${request}`);
    const isAnswered = ({ status }: ServiceInstance) => status?.lastHandledSyncRequest === 'request 20';
    await world.instance('db', isAnswered, 'has heard the last word');
    await waitFor(() => sent() > before, { describe: 'it was sent for the last word' });
    // The first one, and the last.
    expect(sent()).toBeLessThanOrEqual(before + 2);
    script.cancel();
    await ask(serviceInstances, 'db', 'at last');
    await world.gone(serviceInstances, 'db');
  });

  it('has the catalog of a broker fetched', async () => {
    const before = world.broker.requestsOf('catalog').length;
    await ask(clusterServiceBrokers, 'test', 'now');
    const isAnswered = ({ status }: Synced) => status?.lastHandledSyncRequest === 'now';
    await world.until<Synced>(clusterServiceBrokers, 'test', isAnswered, 'is answered');
    expect(world.broker.requestsOf('catalog').length).toBeGreaterThan(before);
  });

  it('of a broker that fails is answered by its failure', async () => {
    world.broker.script({ operation: 'catalog' }, { kind: 'answer', status: 503 });
    await ask(clusterServiceBrokers, 'test', 'again');
    const isAnswered = (broker: Synced) =>
      broker.status?.lastHandledSyncRequest === 'again' && !isReady(broker);
    await world.until<Synced>(clusterServiceBrokers, 'test', isAnswered, 'is answered');
    await ask(clusterServiceBrokers, 'test', 'and again');
    await world.until(clusterServiceBrokers, 'test', isReady, 'is ready');
  });
});
