import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { jobs, namespaces, pods } from '../../../src/kube/resources.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, generatedFor, lookAround } from '../workloads/requested-services.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

it('an annotation on a Job that exists has no effect, and makes nothing', async () => {
  const { client, namespace } = world;
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  await client.create(jobs, { metadata: { namespace, name: 'job' }, spec: { template } } as KubeObject);
  const annotated = { metadata: { annotations: asking('late') } };
  await client.patch(jobs, { namespace, name: 'job' }, annotated, { type: 'merge' });
  await lookAround(world);
  expect(await world.find(serviceInstances, generatedFor('late'))).toBeUndefined();
});

it('workloads that the webhook is not called for make nothing', async () => {
  const { client } = world;
  const labels = { 'inject.servicecatalog.k8s.io': 'disabled' };
  await client.create(namespaces, { metadata: { name: 'left-alone', labels } });
  const outside = ['left-alone', 'kube-public', 'kube-system'];
  for (const namespace of outside) await deploy({ client, namespace }, 'app', asking('unseen'));
  await lookAround(world);
  const { items } = await client.list<KubeObject>(serviceInstances, {});
  expect(items.filter(({ metadata }) => outside.includes(metadata.namespace ?? ''))).toEqual([]);
});

it('a Pod that asks in kube-public is left alone, and not refused because nobody injected it', async () => {
  const metadata = { namespace: 'kube-public', name: 'asks', annotations: asking('unseen') };
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  const created = await world.client.create<KubeObject>(pods, { metadata, spec } as KubeObject);
  expect(JSON.stringify(created)).not.toContain('/bindings');
});
