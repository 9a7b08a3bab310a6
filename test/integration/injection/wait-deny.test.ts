import { podsAdmittedAtAnnotation } from '../../../src/api/group.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  deployments,
  events,
  pods,
  replicaSets,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { byAlice, deploy } from '../workloads/requested-services.ts';

const patience = { timeoutMs: 90_000 };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  await world.createInstance('orders');
  await deploy(world, 'patient', asks('patient'));
  await deploy(world, 'ordered', asks('ordered'), statefulSets);
  // Its Pods of before stay until there are new ones.
  await deploy(world, 'rolled', {});
  await waitFor(async () => (await podsOf('rolled')).length === 1, patience);
  const template = { metadata: { annotations: asks('rolled') } };
  const change = { metadata: { annotations: byAlice }, spec: { template } };
  const ref = { namespace: world.namespace, name: 'rolled' };
  await world.client.patch(deployments, ref, change, { type: 'merge' });
}, 180_000);
afterAll(() => world?.stop());

function asks(binding: string): Readonly<Record<string, string>> {
  return {
    'bind.servicecatalog.k8s.io/db': `binding/${binding}`,
    'wait.bind.servicecatalog.k8s.io/db': 'deny',
  };
}

async function ofApp<T extends KubeObject>(resource: Resource, app: string): Promise<readonly T[]> {
  const query = { namespace: world.namespace, labelSelector: `app=${app}` };
  return (await world.client.list<T>(resource, query)).items;
}

const podsOf = (app: string): Promise<readonly KubeObject[]> => ofApp<KubeObject>(pods, app);
const isInjected = (pod: KubeObject): boolean => JSON.stringify(pod).includes('"/bindings/db"');

interface Told extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
  readonly message: string;
  readonly count?: number;
}

async function told(name: string, reason: string): Promise<readonly Told[]> {
  const { items } = await world.client.list<Told>(events, { namespace: world.namespace });
  return items.filter((event) => event.reason === reason && event.involvedObject.name.startsWith(name));
}

/** After so many refusals the next try of Kubernetes is at least ten seconds away: 5 ms, doubled each time. */
const manyRefusals = 12;

async function areRefusedForLong(app: string): Promise<void> {
  await waitFor(
    async () => {
      const refusals = await told(app, 'FailedCreate');
      return refusals.reduce((sum, { count = 1 }) => sum + count, 0) >= manyRefusals;
    },
    { ...patience, describe: `the Pods of ${app} are refused` },
  );
  expect((await podsOf(app)).filter(isInjected)).toEqual([]);
}

interface ReplicaSet extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly message?: string }[];
  };
}

it('(53) wait: deny refuses the Pods of a workload, and says so on its ReplicaSet', async () => {
  await waitFor(
    async () => {
      const [set] = await ofApp<ReplicaSet>(replicaSets, 'patient');
      const failure = set?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
      return failure?.message?.includes('ServiceBinding "patient" has no credentials yet') === true;
    },
    { ...patience, describe: 'the ReplicaSet says why its Pods are refused' },
  );
  expect(await podsOf('patient')).toEqual([]);
});

it.each<[string, string, Resource]>([
  ['Deployment', 'patient', deployments],
  ['StatefulSet', 'ordered', statefulSets],
  ['Deployment whose former Pods are there', 'rolled', deployments],
])(
  '(53) wait: deny lets the Pods of a %s in when the credentials are there, and its controller does not wait',
  async (_kind, app, resource) => {
    await areRefusedForLong(app);
    await world.createBinding(app, 'orders');
    await waitFor(async () => (await podsOf(app)).some(isInjected), {
      ...patience,
      describe: `a Pod of ${app} is let in`,
    });
    const { metadata } = await world.client.get<KubeObject>(resource, {
      namespace: world.namespace,
      name: app,
    });
    expect(Object.keys(metadata.annotations ?? {})).toContain(podsAdmittedAtAnnotation);
    const news = await waitFor(async () => (await told(app, 'PodsAdmitted'))[0], patience);
    expect(news.message).toContain('the credentials are there');
  },
);
