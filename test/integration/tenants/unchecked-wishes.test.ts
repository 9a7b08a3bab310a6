import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, jobs, namespaces, pods } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, requestedFor, lookAround } from '../workloads/requested-services.ts';

const optedOut = 'left-alone';
const ofSystem = ['kube-public', 'kube-system'];
const outside = [optedOut, ...ofSystem];

/** A user who may write workloads, and no instances: `edit` without what is shipped with Bindery. */
let mallory: KubeClient;
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  const labels = { 'inject.servicecatalog.k8s.io': 'disabled' };
  await world.client.create(namespaces, { metadata: { name: optedOut, labels } });
  const everywhere = [world.namespace, ...outside].map((name) => [name, 'system:aggregate-to-edit'] as const);
  mallory = await tenant(world, 'mallory', Object.fromEntries(everywhere));
}, 90_000);
afterAll(() => world?.stop());

it('(58) whoever may write workloads and no instances can not ask for one where the webhook is called', async () => {
  const { namespace } = world;
  await expect(deploy({ client: mallory, namespace }, 'app', asking('refused'))).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('may not create serviceinstances.servicecatalog.k8s.io') as string,
  });
});

it('an annotation on a Job that exists has no effect, and makes nothing', async () => {
  const { namespace } = world;
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  await mallory.create(jobs, { metadata: { namespace, name: 'job' }, spec: { template } } as KubeObject);
  const annotated = { metadata: { annotations: asking('late') } };
  await mallory.patch(jobs, { namespace, name: 'job' }, annotated, { type: 'merge' });
  await lookAround(world);
  expect(
    await world.find(
      serviceInstances,
      requestedFor(namespace, { kind: 'Job', name: 'job' }, 'late').instance,
    ),
  ).toBeUndefined();
});

it('(60) workloads that the webhook is not called for make nothing', async () => {
  for (const namespace of ofSystem) await deploy({ client: mallory, namespace }, 'app', asking('unseen'));
  const there = { client: mallory, namespace: optedOut };
  await expect(deploy(there, 'app', asking('unseen'))).rejects.toThrow('requested-by must name who writes');
  await deploy(there, 'app', asking('unseen'), deployments, {});
  await lookAround(world);
  const { items } = await world.client.list<KubeObject>(serviceInstances, {});
  expect(items.filter(({ metadata }) => outside.includes(metadata.namespace ?? ''))).toEqual([]);
});

it('a Pod that asks in kube-public is left alone, and not refused because nobody injected it', async () => {
  const metadata = { namespace: 'kube-public', name: 'asks', annotations: asking('unseen') };
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  const created = await mallory.create<KubeObject>(pods, { metadata, spec } as KubeObject);
  expect(JSON.stringify(created)).not.toContain('/bindings');
});

it('what was written while its namespace opted out makes nothing once it opts in', async () => {
  const labels = { 'inject.servicecatalog.k8s.io': null };
  await world.client.patch(namespaces, { name: optedOut }, { metadata: { labels } }, { type: 'merge' });
  await lookAround(world);
  const { items } = await world.client.list<KubeObject>(serviceInstances, { namespace: optedOut });
  expect(items).toEqual([]);
});
