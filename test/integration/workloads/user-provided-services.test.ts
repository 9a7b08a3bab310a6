import { secretHashAnnotationPrefix, secretsReadByAnnotation } from '../../../src/api/group.ts';
import { clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { deployments, secrets } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deploy, requestedFor } from './requested-services.ts';

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Record<string, string> } };
  };
}

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({
    flags: { secretCheckInterval: '500ms', userProvidedServices: 'true' },
  });
  await world.until(clusterServicePlans, 'bindery-user-provided-default', () => true, 'is offered');
}, 90_000);
afterAll(() => world?.stop());

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function holds(name: string, key: string, value: string): Promise<void> {
  const isHeld = async (): Promise<boolean> =>
    (await world.find<SecretObject>(secrets, name))?.data?.[key] === base64(value);
  await waitFor(isHeld, { timeoutMs: 45_000, describe: `Secret ${name} holds ${key}=${value}` });
}

/** The digest on the template, once it is another one. */
async function rolledOut(name: string, before: string | undefined): Promise<string> {
  return waitFor(
    async () => {
      const found = await world.find<Deployment>(deployments, name);
      const digest = found?.spec.template.metadata.annotations?.[`${secretHashAnnotationPrefix}db`];
      return digest !== before && digest;
    },
    { timeoutMs: 45_000, describe: `${name} is rolled out` },
  );
}

it('a workload with restart: on-change is rolled out by an edit of the service, and of a Secret beside it', async () => {
  const { namespace } = world;
  const ref = (name: string) => ({ namespace, name });
  await world.client.create<SecretObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ref('tls'),
    data: { 'ca.crt': base64('one') },
  });
  await world.createInstance('own', {
    clusterServiceClassExternalName: 'user-provided',
    clusterServicePlanExternalName: 'default',
    parameters: { host: 'a' },
  });
  await world.instance('own', isReady, 'is ready');
  const secretTransforms = [{ addKeysFrom: { secretRef: ref('tls') } }];
  await world.createBinding('db', 'own', { secretTransforms }, { [secretsReadByAnnotation]: 'anna' });
  await world.binding(
    'db',
    (each) => isReady(each) && each.status?.secret?.copies?.digest !== undefined,
    'is',
  );
  await deploy(world, 'app', {
    'bind.servicecatalog.k8s.io/db': 'binding/db',
    'restart.bind.servicecatalog.k8s.io/db': 'on-change',
  });
  const isNoted = async (): Promise<boolean> =>
    (await world.find(deployments, 'app'))?.metadata.annotations?.[`${secretHashAnnotationPrefix}db`] !==
    undefined;
  await waitFor(isNoted, { timeoutMs: 45_000, describe: 'the Secret is noted' });

  const spec = { parameters: { host: 'b' } };
  await world.client.patch(serviceInstances, ref('own'), { spec }, { type: 'merge' });
  await holds('db', 'host', 'b');
  const first = await rolledOut('app', undefined);
  await world.client.patch(secrets, ref('tls'), { data: { 'ca.crt': base64('two') } }, { type: 'merge' });
  await holds('db', 'ca.crt', 'two');
  await rolledOut('app', first);
});

it('a workload can ask for one by an annotation, and gives its credentials there', async () => {
  await deploy(world, 'asks', {
    'bind.servicecatalog.k8s.io/db': 'request/user-provided/default',
    'params.bind.servicecatalog.k8s.io/db': '{"host": "db.example.com"}',
  });
  const { instance, login } = requestedFor(world.namespace, 'asks', 'db', 'user-provided');
  await world.instance(instance, isReady, 'is ready');
  await world.binding(login, isReady, 'is ready');
  await holds(login, 'host', 'db.example.com');
});
