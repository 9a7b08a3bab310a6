import type { KubeObject } from '../../../src/kube/objects.ts';
import { pods, replicaSets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deploy } from '../workloads/requested-services.ts';

interface ReplicaSet extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly message?: string }[];
  };
}

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

async function ofApp<T extends KubeObject>(resource: typeof pods): Promise<T | undefined> {
  const { items } = await world.client.list<T>(resource, {
    namespace: world.namespace,
    labelSelector: 'app=patient',
  });
  return items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
}

it('(53) wait: deny refuses the Pods of a workload, says so on its ReplicaSet, and lets them in later', async () => {
  const { client, namespace } = world;
  await deploy(world, 'patient', {
    'bind.servicecatalog.k8s.io/db': 'binding/late',
    'wait.bind.servicecatalog.k8s.io/db': 'deny',
  });
  const set = await waitFor(
    async () => {
      const found = await ofApp<ReplicaSet>(replicaSets);
      const failure = found?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
      return failure?.message?.includes('ServiceBinding "late" has no credentials yet') === true
        ? found
        : undefined;
    },
    { timeoutMs: 60_000, describe: 'the ReplicaSet says why its Pods are refused' },
  );
  expect(await ofApp(pods)).toBeUndefined();

  await world.createInstance('orders');
  await world.createBinding('late', 'orders');
  await world.binding('late', isReady, 'is ready');
  let nudges = 0;
  const pod = await waitFor(
    async () => {
      // Its controller would try again by itself, after a pause that doubles.
      const metadata = { annotations: { nudge: String(nudges++) } };
      await client.patch(
        replicaSets,
        { namespace, name: set.metadata.name },
        { metadata },
        { type: 'merge' },
      );
      return ofApp<KubeObject>(pods);
    },
    { timeoutMs: 60_000, describe: 'the Pod is let in' },
  );
  expect(JSON.stringify(pod)).toContain('"late"');
});
