import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, namespaces, pods, replicaSets, type Resource } from '../../../src/kube/resources.ts';
import type { KubectlResult } from '../../cluster/kubectl.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking } from '../workloads/requested-services.ts';

const bind = 'bind.servicecatalog.k8s.io/db';

let world: ServiceWorld;
/** May have services made. */
let developer: KubeClient;
/** May write workloads, and no services. */
let operator: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  developer = await tenant(world, 'developer', { [world.namespace]: 'edit' });
  operator = await tenant(world, 'operator', { [world.namespace]: 'system:aggregate-to-edit' });
  const view = ['create', 'rolebinding', 'operator-view', '-n', world.namespace];
  await world.controlPlane.kubectl([...view, '--clusterrole=view', '--user=operator']);
  const mayLook = ['auth', 'can-i', 'get', 'deployments', '-n', world.namespace, '--as=operator'];
  await waitFor(async () => (await world.controlPlane.kubectl(mayLook)).code === 0, {
    describe: 'the operator may look at Deployments',
  });
  await developer.create(deployments, manifest());
}, 90_000);
afterAll(() => world?.stop());

/** As it is kept in a repository: it knows nothing of what is written into it. */
function manifest(image = 'registry.example.com/app:1'): KubeObject {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: world.namespace, annotations: asking('db') },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
    },
  } as KubeObject;
}

async function stored(): Promise<KubeObject> {
  const found = await world.find<KubeObject>(deployments, 'web');
  if (found === undefined) throw new Error('the Deployment is gone');
  return found;
}

/** As an operator, a merge patch. */
function patch(change: object): Promise<KubeObject> {
  return operator.patch(deployments, { namespace: world.namespace, name: 'web' }, change, { type: 'merge' });
}

async function made(resource: Resource): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list<KubeObject>(resource, {
    namespace: world.namespace,
    labelSelector: 'app=web',
  });
  return items;
}

function namedOn({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[by];
}

it('who wrote what is asked for is named on the Deployment; on its Pods nobody is', async () => {
  expect(namedOn(await stored())).toBe('developer');
  const pod = await waitFor(async () => (await made(pods))[0], { describe: 'a Pod of the Deployment' });
  expect(JSON.stringify(pod)).toContain('status.servicecatalog.k8s.io/injected');
  expect(namedOn(pod)).toBeUndefined();
  expect((await made(replicaSets)).map(namedOn)).toEqual(['developer']);
});

it('(59) who has no right to services may change everything else, and the name stays', async () => {
  await patch({ spec: { replicas: 2 } });
  await patch({ metadata: { annotations: { note: 'x' } } });
  await patch({ spec: { template: { metadata: { annotations: { [`env.${bind}`]: 'A=uri' } } } } });
  expect(namedOn(await stored())).toBe('developer');
});

it('the manifest from the repository, put in the place of what is stored, makes no new Pods and keeps the name', async () => {
  await patch({ spec: { replicas: 1, template: { metadata: { annotations: { [`env.${bind}`]: null } } } } });
  const before = await stored();
  // Without a version: controllers write to it meanwhile.
  await operator.replace(deployments, manifest());
  const after = await stored();
  expect(namedOn(after)).toBe('developer');
  expect(templateOf(after)).toEqual(templateOf(before));
});

function templateOf(deployment: KubeObject): unknown {
  return (deployment as unknown as { readonly spec: { readonly template: unknown } }).spec.template;
}

it('(59) the commands of kubectl that change something else ask for no right either', async () => {
  const namespace = `-n ${world.namespace}`;
  const kubeconfig = await world.controlPlane.kubeconfigFor('operator');
  const kubectl = async (command: string): Promise<KubectlResult> =>
    world.controlPlane.kubectl(['--kubeconfig', kubeconfig, ...`${command} ${namespace}`.split(' ')]);
  for (const command of [
    'scale deployment/web --replicas=3',
    'annotate deployment/web by-hand=yes',
    'label deployment/web by-hand=yes',
    'set image deployment/web main=registry.example.com/app:2',
    'rollout restart deployment/web',
    'rollout undo deployment/web',
  ]) {
    expect(await kubectl(command)).toMatchObject({ code: 0, stderr: '' });
  }
  expect(namedOn(await stored())).toBe('developer');
  const asked = await kubectl(`annotate deployment/web --overwrite ${bind}=request/postgresql/large`);
  expect(asked.code).toBe(1);
  expect(asked.stderr).toContain('user "operator" may not create serviceinstances');
});

it('(58) of an account of a GitOps controller its own rights count, not those of whoever wrote the manifest', async () => {
  await world.client.create(namespaces, { metadata: { name: 'flux' } });
  const { metadata, ...rest } = manifest();
  const create = async (account: string, role: string): Promise<KubeObject> => {
    const name = `system:serviceaccount:flux:${account}`;
    const client = await tenant(world, name, { [world.namespace]: role });
    const annotations = { ...metadata.annotations, [by]: 'developer' };
    return client.create(deployments, { ...rest, metadata: { ...metadata, name: account, annotations } });
  };
  expect(namedOn(await create('kustomize', 'edit'))).toBe('system:serviceaccount:flux:kustomize');
  await expect(create('powerless', 'system:aggregate-to-edit')).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('flux:powerless" may not create serviceinstances') as string,
  });
});

it('(58) what is asked for, and the name, are not theirs to change', async () => {
  const forbidden = {
    status: 403,
    message: expect.stringContaining('user "operator" may not create serviceinstances') as string,
  };
  await expect(
    patch({ metadata: { annotations: { [bind]: 'request/postgresql/large' } } }),
  ).rejects.toMatchObject(forbidden);
  await patch({ metadata: { annotations: { [by]: 'operator' } } });
  expect(namedOn(await stored())).toBe('developer');
  await patch({ metadata: { annotations: { [by]: null } } });
  expect(namedOn(await stored())).toBe('developer');
});

it('what is asked for can be taken away by whoever may write the workload, and the name goes with it', async () => {
  await patch({ metadata: { annotations: { [bind]: null } } });
  expect(namedOn(await stored())).toBeUndefined();
});
