import type { KubeObject } from '../../../src/kube/objects.ts';
import { cronJobs, jobs, pods } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, requestedFor } from '../workloads/requested-services.ts';

interface Pod extends KubeObject {
  readonly spec: { readonly volumes?: readonly { readonly name: string; readonly projected?: unknown }[] };
}

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

/** Where annotations may stand: on the CronJob, on what its Jobs are made of, on its Pod template. */
interface Places {
  readonly own?: Readonly<Record<string, string>>;
  readonly jobs?: Readonly<Record<string, string>>;
  readonly template?: Readonly<Record<string, string>>;
}

async function schedule(name: string, places: Places): Promise<void> {
  const podSpec = {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
  };
  await world.client.create(cronJobs, {
    metadata: { name, namespace: world.namespace, annotations: places.own },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        metadata: { annotations: places.jobs },
        spec: { template: { metadata: { annotations: places.template }, spec: podSpec } },
      },
    },
  } as KubeObject);
}

/**
 * Makes the CronJob controller believe that it missed a run, and waits for the Pod of the next one.
 * @param before uid of the Job of the last run
 */
async function run(name: string, before?: string): Promise<{ readonly pod: Pod; readonly job: KubeObject }> {
  const { client, namespace } = world;
  const status = { lastScheduleTime: new Date(Date.now() - 600_000).toISOString().replace(/\.\d+/, '') };
  await client.patch(cronJobs, { namespace, name }, { status }, { type: 'merge', subresource: 'status' });
  const job = await waitFor(
    async () => {
      const { items } = await client.list<KubeObject>(jobs, { namespace });
      return items.find(
        ({ metadata }) =>
          metadata.ownerReferences?.[0]?.name === name &&
          metadata.uid !== before &&
          metadata.deletionTimestamp === undefined,
      );
    },
    { timeoutMs: 90_000, describe: `a Job of CronJob ${name}` },
  );
  const pod = await waitFor(
    async () => {
      const { items } = await client.list<Pod>(pods, {
        namespace,
        labelSelector: `batch.kubernetes.io/job-name=${job.metadata.name}`,
      });
      return items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    },
    { timeoutMs: 90_000, describe: `a Pod of Job ${job.metadata.name}` },
  );
  return { pod, job };
}

describe.each<[string, string, Places]>([
  ['itself', 'nightly', { own: asking('db') }],
  ['what its Jobs are made of', 'hourly', { jobs: asking('db') }],
  ['its Pod template', 'weekly', { template: asking('db') }],
])('a CronJob that asks on %s', (_where, name, places) => {
  it('has one service and one login, whose Secret each of its runs gets', async () => {
    const { client, namespace } = world;
    await schedule(name, places);
    const { instance, login } = requestedFor(namespace, { kind: 'CronJob', name }, 'db');
    const first = await run(name);
    expect(JSON.stringify(first.pod.spec.volumes)).toContain(`"${login}"`);
    expect(first.job.metadata.annotations?.['servicecatalog.k8s.io/requested-by']).toBeUndefined();
    await world.instance(instance, isReady, 'is ready');
    await world.binding(login, isReady, 'is ready');

    // The next run has the same minute in its name.
    await client.patch(cronJobs, { namespace, name }, { spec: { suspend: true } }, { type: 'merge' });
    await world.remove(jobs, first.job.metadata.name);
    await client.patch(cronJobs, { namespace, name }, { spec: { suspend: false } }, { type: 'merge' });
    const second = await run(name, first.job.metadata.uid);
    expect(JSON.stringify(second.pod.spec.volumes)).toContain(`"${login}"`);
    await client.patch(cronJobs, { namespace, name }, { spec: { suspend: true } }, { type: 'merge' });
  });
});

it('that is one login for each CronJob, and none for its Jobs', () => {
  expect(world.broker.liveInstances()).toHaveLength(3);
  expect(world.broker.liveBindings()).toHaveLength(3);
});
