import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { inParallel } from '../../../src/base/in-parallel.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

/** Without the webhook: the Pods are as it would have made them. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('orders');
  await world.createBinding('orders', 'orders');
  await world.binding('orders', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

const count = 300;

async function createPod(name: string): Promise<void> {
  const note = { v: 1, bindings: [{ name: 'db', secret: 'orders', volume: 'v' }], specHash: 'x' };
  await world.client.create(pods, {
    metadata: {
      name,
      namespace: world.namespace,
      annotations: {
        'bind.servicecatalog.k8s.io/db': 'binding/orders',
        'status.servicecatalog.k8s.io/injected': JSON.stringify(note),
      },
    },
    spec: {
      volumes: [{ name: 'v', secret: { secretName: 'orders' } }],
      containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
    },
  } as KubeObject);
}

function messageOf({ status }: ServiceBinding): string | undefined {
  return findCondition(status?.conditions, 'Injected')?.message;
}

it(`${count} Pods that come at once are told in a few writes, and after a restart in none`, async () => {
  using _ = world.undisturbed('counts what one process writes');
  const startedMs = performance.now();
  const before = writes();
  const names = Array.from({ length: count }, (_, at) => `pod-${at}`);
  await inParallel(names, 16, createPod);
  await world.binding(
    'orders',
    (one) => messageOf(one) === `${count} of ${count} Pods that ask have it`,
    'has them all',
  );
  // What is under way ends, and is counted.
  await world.stopControllers();
  // One look in five seconds, and one more for the first of them.
  const looks = 2 + (performance.now() - startedMs) / 5_000;
  const told = writes();
  expect(told - before).toBeLessThanOrEqual(looks);

  world.startControllers();
  // What it looks at together with the namespace is told after that.
  await createPod('one-more');
  await world.binding(
    'orders',
    (one) => messageOf(one) === `${count + 1} of ${count + 1} Pods that ask have it`,
    'has one more',
  );
  await world.stopControllers();
  expect(writes() - told).toBe(1);
}, 120_000);

function writes(): number {
  return world.writes.filter((write) => write === 'PUT servicebindings').length;
}
