import { workloadLabel } from '../../../src/api/group.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  replicaSets,
  statefulSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { topWorkload } from '../../../src/injection/top-workload.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { podsOf } from './kept-services.ts';
import { asking, byAlice, requestedFor } from './requested-services.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 90_000);
afterAll(() => world?.stop());

/** The longest names with which a controller of Kubernetes makes Pods, and short ones. */
const lengths: readonly [Resource, readonly number[]][] = [
  // `<name>-<hash>` has to be the name of a ReplicaSet: at most 253 characters, and the hash has up to ten.
  [deployments, [20, 45, 63, 200, 242]],
  [replicaSets, [20, 63, 200, 253]],
  // Their Pods have labels of their names, or their revisions.
  [statefulSets, [20, 52]],
  [daemonSets, [20, 52]],
  [jobs, [20, 63]],
  [cronJobs, [20, 52]],
];
const cases = lengths.flatMap(([resource, all]) =>
  all.map((length) => [resource.kind, length, resource] as const),
);

async function made(resource: Resource, name: string, app: string): Promise<void> {
  const labels = { app };
  const containers = [{ name: 'main', image: 'registry.example.com/app:1' }];
  const template = { metadata: { labels, annotations: asking('db') }, spec: { containers } };
  const selector = { matchLabels: labels };
  const job = { template: { ...template, spec: { containers, restartPolicy: 'Never' } } };
  const specs: Readonly<Record<string, object>> = {
    StatefulSet: { selector, template, serviceName: app },
    Job: job,
    CronJob: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: job } },
  };
  await world.client.create(resource, {
    metadata: { name, namespace: world.namespace, annotations: byAlice },
    spec: specs[resource.kind] ?? { selector, template },
  } as KubeObject);
}

it.each(cases)(
  'a %s with a name of %d characters has what its Pods will name',
  async (kind, length, resource) => {
    const app = `${kind.toLowerCase()}-${length}`;
    const name = `${app}-${'x'.repeat(length)}`.slice(0, length);
    await made(resource, name, app);
    const names = requestedFor(world.namespace, { kind, name }, 'db');
    const login = await world.binding(names.login, isReady, 'is ready');
    expect(login.metadata.labels?.[workloadLabel]).toBe(length > 63 ? undefined : name);
    // Without a node no DaemonSet has Pods; a CronJob's are those of its Jobs.
    if (kind === 'DaemonSet' || kind === 'CronJob') return;
    const pod = await aPodOf(app);
    expect(topWorkload('Pod', pod.metadata).workload).toEqual({ kind, name });
  },
  60_000,
);

it('Pods of a Deployment with a long name know it, too, when nobody owns them any more', async () => {
  const name = `lonely-${'x'.repeat(193)}`;
  await made(deployments, name, 'lonely');
  await aPodOf('lonely');
  const ref = { namespace: world.namespace, name };
  await world.client.delete(deployments, ref, { propagationPolicy: 'Orphan' });
  await world.gone(deployments, name);
  const sets = await world.client.list<KubeObject>(replicaSets, {
    namespace: world.namespace,
    labelSelector: 'app=lonely',
  });
  for (const { metadata } of sets.items) {
    const set = { namespace: world.namespace, name: metadata.name };
    await world.client.delete(replicaSets, set, { propagationPolicy: 'Orphan' });
    await world.gone(replicaSets, metadata.name);
  }
  const pod = await waitFor(
    async () =>
      (await podsOf(world, 'lonely')).find(({ metadata }) => metadata.ownerReferences === undefined),
    { timeoutMs: 45_000, describe: 'its Pod has no owner' },
  );
  expect(topWorkload('Pod', pod.metadata).workload).toEqual({ kind: 'Deployment', name });
}, 60_000);

async function aPodOf(app: string): Promise<KubeObject> {
  return waitFor(async () => (await podsOf(world, app))[0], {
    timeoutMs: 45_000,
    describe: `${app} has a Pod`,
  });
}
