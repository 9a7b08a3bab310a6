import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import type { Operation } from '../../../src/osb/outcome-types.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A second at most on an idle machine; until the slow ones time out, after 60 s, where others have to wait for them. */
const promptMs = 20_000;
/** Objects that are worked on at once (`--concurrency`). */
const workers = 32;
const objectsPerBroker = 40;

/** Each an `admin` of a namespace of their own. */
const namespacesOfMallory = ['provision', 'pollinstance', 'deprovision', 'bind', 'catalogs'].map(
  (what) => `slow-${what}`,
);
let world: ServiceWorld;
let mallory: KubeClient;
const brokers: TestBroker[] = [];
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  for (const name of namespacesOfMallory) await world.client.create(namespaces, { metadata: { name } });
  const admin = namespacesOfMallory.map((name) => [name, 'admin'] as const);
  mallory = await tenant(world, 'mallory', Object.fromEntries(admin));
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await Promise.all(brokers.map((broker) => broker.stop()));
});

/** Three brokers of a tenant in a namespace of its own, each with one service. */
async function slowTenant(
  name: string,
  prepare: (broker: TestBroker) => void,
): Promise<readonly TestBroker[]> {
  return Promise.all(
    [1, 2, 3].map(async (number) => {
      const id = `${name}-${number}`;
      const plans = [{ id: `${id}-plan`, name: 'only', description: 'The only one' }];
      const services = [{ id, name: id, description: 'Slow', bindable: true, plans }];
      const broker = await TestBroker.start({ auth: { kind: 'none' }, catalog: { services } });
      brokers.push(broker);
      prepare(broker);
      await mallory.create(serviceBrokers, {
        apiVersion,
        kind: serviceBrokers.kind,
        metadata: { namespace: name, name: id },
        spec: { url: broker.url },
      } as KubeObject);
      return broker;
    }),
  );
}

function createSlow(namespace: string, name: string, broker: number): Promise<ServiceInstance> {
  return mallory.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { namespace, name },
    spec: { serviceClassExternalName: `${namespace}-${broker}`, servicePlanExternalName: 'only' },
  });
}

async function createMany(namespace: string): Promise<void> {
  for (const broker of [1, 2, 3]) {
    for (let number = 0; number < objectsPerBroker; number++) {
      await createSlow(namespace, `i-${broker}-${number}`, broker);
    }
  }
}

async function bindMany(namespace: string): Promise<void> {
  const ready = async (name: string): Promise<boolean> =>
    isReady(await world.client.get(serviceInstances, { namespace, name }));
  for (const broker of [1, 2, 3]) {
    const name = `i-${broker}`;
    await createSlow(namespace, name, broker);
    await waitFor(() => ready(name), { describe: `${name} is ready` });
    for (let number = 0; number < objectsPerBroker; number++) {
      await mallory.create(serviceBindings, {
        apiVersion,
        kind: serviceBindings.kind,
        metadata: { namespace, name: `b-${broker}-${number}` },
        spec: { instanceRef: { name } },
      } as KubeObject);
    }
  }
}

/** As many requests hang as there are workers. */
async function hanging(slow: readonly TestBroker[], operation: Operation): Promise<void> {
  const count = (): number => slow.reduce((sum, broker) => sum + broker.requestsOf(operation).length, 0);
  await waitFor(() => count() >= workers, {
    timeoutMs: 60_000,
    describe: () => `${workers} requests that hang; there are ${count()}`,
  });
}

/** Milliseconds until an instance and a binding of another tenant, at another broker, are ready. */
async function timeOfOthers(name: string): Promise<number> {
  const startedMs = performance.now();
  await world.createInstance(name);
  await world.instance(name, isReady, 'is ready');
  await world.createBinding(name, name);
  await world.binding(name, isReady, 'is ready');
  return performance.now() - startedMs;
}

const hang = { kind: 'hang' } as const;

it.each<[string, Operation, (broker: TestBroker) => void, (namespace: string) => Promise<void>]>([
  [
    'provision',
    'provision',
    (broker) => broker.script({ operation: 'provision' }, hang, 'always'),
    createMany,
  ],
  [
    'a poll',
    'pollInstance',
    (broker) => {
      broker.script({ operation: 'provision' }, { kind: 'async', polls: 9 }, 'always');
      broker.script({ operation: 'pollInstance' }, hang, 'always');
    },
    createMany,
  ],
  [
    'the deletion of what a failed request left',
    'deprovision',
    (broker) => {
      broker.script({ operation: 'provision' }, { kind: 'answer', status: 500 }, 'always');
      broker.script({ operation: 'deprovision' }, hang, 'always');
    },
    createMany,
  ],
  ['bind', 'bind', (broker) => broker.script({ operation: 'bind' }, hang, 'always'), bindMany],
])(
  'three brokers that do not answer to %s keep nobody else waiting',
  async (_what, operation, prepare, create) => {
    using _ = world.undisturbed('what hangs is to hang on');
    const namespace = `slow-${operation.toLowerCase()}`;
    const slow = await slowTenant(namespace, prepare);
    await create(namespace);
    await hanging(slow, operation);
    expect(await timeOfOthers(operation.toLowerCase())).toBeLessThan(promptMs);
  },
  180_000,
);

it('forty brokers whose catalogs do not come keep no other from its catalog', async () => {
  using _ = world.undisturbed('what hangs is to hang on');
  const stuck = await TestBroker.start({ auth: { kind: 'none' } });
  const well = await TestBroker.start({ auth: { kind: 'none' }, catalog: { services: [] } });
  brokers.push(stuck, well);
  stuck.script({ operation: 'catalog' }, hang, 'always');
  const register = (client: KubeClient, namespace: string, name: string, { url }: TestBroker) =>
    client.create(serviceBrokers, {
      apiVersion,
      kind: serviceBrokers.kind,
      metadata: { namespace, name },
      spec: { url },
    } as KubeObject);
  for (let number = 0; number < objectsPerBroker; number++) {
    await register(mallory, 'slow-catalogs', `stuck-${number}`, stuck);
  }
  await hanging([stuck], 'catalog');
  const startedMs = performance.now();
  await register(world.client, world.namespace, 'well', well);
  await world.until(serviceBrokers, 'well', isReady, 'has its catalog');
  expect(performance.now() - startedMs).toBeLessThan(promptMs);
}, 120_000);

it('what waits for a lane of its broker says so, and none of it has been sent', async () => {
  using _ = world.undisturbed('what hangs is to hang on');
  const namespace = 'slow-provision';
  const waiting = await waitFor(
    async () => {
      const { items } = await world.client.list<ServiceInstance>(serviceInstances, { namespace });
      const found = items.filter((instance) => readyReason(instance) === 'WaitingForBroker');
      return found.length > 0 && found.length === items.length - inFlight(items) ? found : undefined;
    },
    { describe: 'everything is in flight or says that it waits' },
  );
  for (const { status } of waiting) expect(status?.currentOperation ?? '').toBe('');
});

function inFlight(instances: readonly ServiceInstance[]): number {
  return instances.filter(({ status }) => status?.currentOperation === 'Provision').length;
}
