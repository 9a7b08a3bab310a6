import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { readyInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { brokerTimeout: '20s' } });
}, 60_000);
afterAll(() => world.stop());

/** A person abandons it: nothing waits for the broker any more. */
async function abandon(resource: Resource, name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch<KubeObject>(resource, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.remove(resource, name);
  await world.gone(resource, name);
}

const slowly = { kind: 'delay', ms: 1500 } as const;

describe('an object that is abandoned while its request is on the way, and made again under its name', () => {
  it('is an instance that the broker is asked for under its own id', async () => {
    using _ = world.undisturbed('the request must still be on the way');
    world.broker.script({ operation: 'provision' }, slowly);
    await world.createInstance('db');
    await waitFor(() => world.broker.requestsOf('provision').length === 1, { describe: 'it is asked for' });
    await abandon(serviceInstances, 'db');
    await world.createInstance('db');
    const db = await world.instance('db', isReady, 'is ready');
    expect(db.spec.externalID).toBeDefined();
    expect(world.broker.requestsOf('provision', db.spec.externalID)).toHaveLength(1);
    expect(world.broker.requestsOf('provision')).toHaveLength(2);
    expect(world.broker.requestsOf('update')).toEqual([]);
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceInstances, 'db');
    expect(world.broker.requestsOf('deprovision', db.spec.externalID)).toHaveLength(1);
  });

  it('is a binding with credentials of its own', async () => {
    using _ = world.undisturbed('the request must still be on the way');
    await readyInstance(world, 'shop');
    world.broker.script({ operation: 'bind' }, slowly);
    await world.createBinding('login', 'shop');
    await waitFor(() => world.broker.requestsOf('bind').length === 1, { describe: 'it is asked for' });
    await abandon(serviceBindings, 'login');
    await world.createBinding('login', 'shop');
    // The garbage collector takes the Secret of the first one away, and may be half a minute late.
    const login = await waitFor(
      async () => {
        const found = await world.find<ServiceBinding>(serviceBindings, 'login');
        return found !== undefined && isReady(found) ? found : undefined;
      },
      { timeoutMs: 100_000, describe: 'the binding is ready' },
    );
    const ids = world.broker.requestsOf('bind').map(({ bindingId }) => bindingId);
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(login.spec.externalID);
    const secret = await world.client.get(secrets, { namespace: world.namespace, name: 'login' });
    expect(secret.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([login.metadata.uid]);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
  }, 120_000);
});
