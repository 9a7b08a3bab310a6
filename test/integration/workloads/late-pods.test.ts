import { workloadMarkAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  cronJobs,
  deployments,
  jobs,
  pods,
  replicaSets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  annotateTemplate,
  anotherGoes,
  podsOf,
  serviceOf,
  stands,
  watchful,
  type Service,
} from './kept-services.ts';
import { asking, byAlice, deploy, requestedFor } from './requested-services.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: watchful });
}, 90_000);
afterAll(() => world?.stop());

async function patch(resource: Resource, name: string, change: object): Promise<void> {
  await world.client.patch(resource, { namespace: world.namespace, name }, change, { type: 'merge' });
}

async function scale(resource: Resource, name: string, replicas: number): Promise<void> {
  await patch(resource, name, { spec: { replicas } });
}

async function hasPods(app: string, count: number): Promise<void> {
  await waitFor(async () => (await podsOf(world, app)).length === count, {
    timeoutMs: 45_000,
    describe: `${app} has ${count} Pods`,
  });
}

async function orphan(resource: Resource, name: string): Promise<void> {
  await world.client.delete(resource, { namespace: world.namespace, name }, { propagationPolicy: 'Orphan' });
  await world.gone(resource, name);
}

/** Its time has come while nobody used it. */
async function comesToItsTime({ login }: Service): Promise<void> {
  await world.remove(serviceBindings, login.metadata.name);
  await world.gone(serviceBindings, login.metadata.name);
  await anotherGoes(world);
  expect(await world.find(serviceBindings, login.metadata.name)).toBeUndefined();
}

/** A new login at the service of before. */
async function isRenewed({ instance, login }: Service): Promise<void> {
  const anew = await world.binding(login.metadata.name, isReady, 'is ready again');
  expect(anew.metadata.uid).not.toBe(login.metadata.uid);
  expect(anew.spec.instanceRef.name).toBe(instance.metadata.name);
  expect(anew.spec.userInfo?.username).toBe('alice');
  expect((await world.find(serviceInstances, instance.metadata.name))?.metadata.uid).toBe(
    instance.metadata.uid,
  );
}

describe('new Pods of an older template get their login, though it has come to its time:', () => {
  it('of a ReplicaSet that was orphaned, and adopted by a Deployment of another name', async () => {
    await deploy(world, 'before', asking('db'));
    await hasPods('before', 1);
    const service = await serviceOf(world, requestedFor(world.namespace, 'before', 'db'));
    const { metadata, ...rest } = await world.client.get<KubeObject>(deployments, {
      namespace: world.namespace,
      name: 'before',
    });
    await orphan(deployments, 'before');
    await anotherGoes(world);
    await stands(world, service);
    await world.client.create(deployments, {
      spec: (rest as { readonly spec?: unknown }).spec,
      metadata: { name: 'after', namespace: metadata.namespace, annotations: byAlice },
    } as KubeObject);
    const sets = await waitFor(
      async () => {
        const { items } = await world.client.list<KubeObject>(replicaSets, { namespace: world.namespace });
        const adopted = items.filter(({ metadata: { ownerReferences } }) =>
          ownerReferences?.some(({ name }) => name === 'after'),
        );
        return adopted.length > 0 ? adopted : undefined;
      },
      { timeoutMs: 45_000, describe: 'it is adopted' },
    );
    expect(sets.map(({ metadata: { name } }) => name)).toEqual([expect.stringMatching(/^before-/)]);
    await anotherGoes(world);
    await stands(world, service);
    await scale(deployments, 'after', 0);
    await hasPods('before', 0);
    await comesToItsTime(service);
    await scale(deployments, 'after', 1);
    await isRenewed(service);
  }, 120_000);

  it('of a Deployment that is paused, and scaled up again', async () => {
    await deploy(world, 'paused', asking('db'));
    await hasPods('paused', 1);
    const service = await serviceOf(world, requestedFor(world.namespace, 'paused', 'db'));
    await patch(deployments, 'paused', { spec: { paused: true } });
    await annotateTemplate(world, 'paused', { [bind]: 'request/cache/default' });
    await scale(deployments, 'paused', 0);
    await hasPods('paused', 0);
    await comesToItsTime(service);
    await scale(deployments, 'paused', 1);
    await isRenewed(service);
  }, 120_000);
});

describe('a Job that was made from a CronJob', () => {
  it('keeps what its Pods will name until it has ended, also when it is suspended and left behind', async () => {
    await world.client.create(cronJobs, {
      metadata: { name: 'nightly', namespace: world.namespace, annotations: byAlice },
      spec: {
        schedule: '0 0 1 1 *',
        suspend: true,
        jobTemplate: {
          spec: {
            template: { metadata: { annotations: asking('db') }, spec: { ...spec, restartPolicy: 'Never' } },
          },
        },
      },
    } as KubeObject);
    const cronJob = { kind: 'CronJob', name: 'nightly' };
    const service = await serviceOf(world, requestedFor(world.namespace, cronJob, 'db'));
    const create = ['create', 'job', '--from=cronjob/nightly', 'by-hand', '-n', world.namespace];
    const dry = await world.controlPlane.kubectl([...create, '--dry-run=client', '-o', 'json']);
    await world.client.create(jobs, asTheWebhookLeavesIt(dry.stdout));
    await orphan(cronJobs, 'nightly');
    await patch(jobs, 'by-hand', { spec: { suspend: true } });
    await waitFor(async () => (await world.find(jobs, 'by-hand'))?.metadata.ownerReferences === undefined, {
      timeoutMs: 45_000,
      describe: 'the Job is left behind',
    });
    await hasJobPods('by-hand', 0);
    await anotherGoes(world);
    await stands(world, service);
    const own = requestedFor(world.namespace, { kind: 'Job', name: 'by-hand' }, 'db');
    expect(await world.find(serviceInstances, own.instance)).toBeUndefined();

    await comesToItsTime(service);
    await patch(jobs, 'by-hand', { spec: { suspend: false } });
    await isRenewed(service);
  }, 120_000);
});

/** Whose the Job is stands on its template, and who made it by hand asks. */
function asTheWebhookLeavesIt(text: string): KubeObject {
  const job = JSON.parse(text) as KubeObject & {
    readonly spec: { readonly template: { readonly metadata: { annotations: Record<string, string> } } };
  };
  job.spec.template.metadata.annotations[workloadMarkAnnotation] = 'CronJob/nightly';
  const { metadata } = job;
  const { annotations = {}, namespace = world.namespace } = metadata;
  return { ...job, metadata: { ...metadata, namespace, annotations: { ...annotations, ...byAlice } } };
}

async function hasJobPods(job: string, count: number): Promise<void> {
  await waitFor(
    async () => {
      const labelSelector = `batch.kubernetes.io/job-name=${job}`;
      const list = await world.client.list(pods, { namespace: world.namespace, labelSelector });
      return list.items.length === count;
    },
    { timeoutMs: 45_000, describe: `${job} has ${count} Pods` },
  );
}
