import { randomUUID } from 'node:crypto';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, jobs, pods, replicaSets, type Resource } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, deploy, requestedFor, lookAround } from '../workloads/requested-services.ts';

/** An add-on whose account has the name of a controller, and who may write workloads and no services. */
const addOn = 'system:serviceaccount:kube-system:addon-controller';
let world: ServiceWorld;
let client: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  client = await tenant(world, addOn, { [world.namespace]: 'system:aggregate-to-edit' });
}, 90_000);
afterAll(() => world?.stop());

const template = {
  metadata: { labels: { app: 'x' }, annotations: asking('forged') },
  spec: { restartPolicy: 'Always', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
};
const selector = { matchLabels: { app: 'x' } };
const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };

it.each<[string, Resource, object, string]>([
  ['a ReplicaSet of a Deployment', replicaSets, { spec: { selector, template } }, 'apps/v1 Deployment'],
  ['a Pod of a ReplicaSet', pods, { spec: template.spec }, 'apps/v1 ReplicaSet'],
  ['a Job of a CronJob', jobs, { spec: { template: once } }, 'batch/v1 CronJob'],
  ['a Deployment of its own', deployments, { spec: { selector, template } }, ''],
])(
  'an account of kube-system is asked for its rights when it writes %s',
  async (_what, resource, fields, of) => {
    const [apiVersion, kind] = of.split(' ');
    const owner = { apiVersion, kind, name: 'made-up', uid: randomUUID(), controller: true };
    const metadata = {
      namespace: world.namespace,
      name: `forged-${resource.plural}`,
      ...(resource === pods ? template.metadata : {}),
      ownerReferences: of === '' ? [] : [owner],
    };
    await expect(client.create(resource, { ...fields, metadata } as KubeObject)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('may not create serviceinstances.servicecatalog.k8s.io') as string,
    });
    await lookAround(world);
    const { items } = await world.client.list<KubeObject>(serviceInstances, { namespace: world.namespace });
    expect(items.filter(({ metadata: { name } }) => name.includes('forged'))).toEqual([]);
  },
);

it('the Pods and Jobs of workloads that were checked are made without a question', async () => {
  const { namespace } = world;
  const developer = await tenant(world, 'developer', { [namespace]: 'edit' });
  await deploy({ client: developer, namespace }, 'app', asking('db'));
  await world.instance(requestedFor(namespace, 'app', 'db').instance, isReady, 'is ready');
  await waitFor(
    async () => {
      const { items } = await world.client.list<KubeObject>(pods, {
        namespace,
        labelSelector: 'app=app',
      });
      return items.some(
        ({ metadata }) => metadata.annotations?.['status.servicecatalog.k8s.io/injected'] !== undefined,
      );
    },
    { describe: 'a Pod of the Deployment is there, injected' },
  );
});
