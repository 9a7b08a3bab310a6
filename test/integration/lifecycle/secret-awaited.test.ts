import { injectedAnnotation } from '../../../src/api/group.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods, secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  // Nobody's turn comes while this runs.
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '24h' } });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

it('a lost Secret comes back at once when a Pod waits for it', async () => {
  for (const name of ['first', 'waited']) {
    await world.createBinding(name, 'db');
    await world.binding(name, isReady, 'is ready');
  }
  const { data } = await world.client.get<SecretObject>(secrets, {
    namespace: world.namespace,
    name: 'waited',
  });
  await world.remove(secrets, 'waited');
  const pod = {
    metadata: { namespace: world.namespace, name: 'waits', annotations: { [injectedAnnotation]: '{}' } },
    spec: {
      volumes: [{ name: 'creds', secret: { secretName: 'waited' } }],
      containers: [{ name: 'app', image: 'registry.example.com/app:1' }],
    },
  };
  await world.client.create<KubeObject>(pods, pod);
  await waitFor(
    async () => {
      const secret = await world.find<SecretObject>(secrets, 'waited');
      return JSON.stringify(secret?.data) === JSON.stringify(data);
    },
    { timeoutMs: 45_000, describe: 'the Secret is there again' },
  );
  await world.binding('waited', isReady, 'is ready');
  expect(world.broker.violations).toEqual([]);
}, 90_000);
