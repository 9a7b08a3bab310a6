import { randomUUID } from 'node:crypto';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, jobs, pods, replicaSets, type Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, deploy, generatedFor, lookAround } from '../workloads/requested-services.ts';

/** An add-on whose account has the name of a controller, and who may write workloads and no services. */
const addOn = 'system:serviceaccount:kube-system:addon-controller';
let world: ServiceWorld;
let client: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  const { controlPlane, namespace } = world;
  const resources = ['deployments.apps', 'replicasets.apps', 'jobs.batch', 'pods'];
  const grant = [
    'create',
    'role',
    'add-on',
    '-n',
    namespace,
    '--verb=*',
    ...resources.map((name) => `--resource=${name}`),
  ];
  expect(await controlPlane.kubectl(grant)).toMatchObject({ code: 0 });
  const bind = ['create', 'rolebinding', 'add-on', '-n', namespace, '--role=add-on', `--user=${addOn}`];
  expect(await controlPlane.kubectl(bind)).toMatchObject({ code: 0 });
  client = new KubeClient({
    connection: await loadConnection({ kubeconfig: await controlPlane.kubeconfigFor(addOn) }),
  });
}, 90_000);
afterAll(async () => {
  await client?.close();
  await world?.stop();
});

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
    expect(await world.find(serviceInstances, generatedFor('forged'))).toBeUndefined();
  },
);

it('the Pods and Jobs of workloads that were checked are made without a question', async () => {
  await deploy(world, 'app', asking('db'));
  await world.instance(generatedFor('db'), isReady, 'is ready');
  await waitFor(
    async () => {
      const { items } = await world.client.list<KubeObject>(pods, {
        namespace: world.namespace,
        labelSelector: 'app=app',
      });
      return items.some(
        ({ metadata }) => metadata.annotations?.['status.servicecatalog.k8s.io/injected'] !== undefined,
      );
    },
    { describe: 'a Pod of the Deployment is there, injected' },
  );
});
