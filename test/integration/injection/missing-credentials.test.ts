import { join } from 'node:path';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces, pods } from '../../../src/kube/resources.ts';
import { kubectlReader } from '../../support/kubelet-lite/kubectl-reader.ts';
import type { PodObject } from '../../support/kubelet-lite/pod-types.ts';
import type { PodResolution } from '../../support/kubelet-lite/resolution.ts';
import { resolvePod } from '../../support/kubelet-lite/resolve-pod.ts';
import { runContainer } from '../../support/kubelet-lite/run-container.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const checkout = join(import.meta.dirname, '..', '..', '..');
const elsewhere = 'elsewhere';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  await world.createInstance('orders');
  await world.instance('orders', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

function podOf(
  name: string,
  annotations: Readonly<Record<string, string>>,
  namespace = world.namespace,
): KubeObject {
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec } as KubeObject;
}

async function create(name: string, annotations: Readonly<Record<string, string>>): Promise<PodObject> {
  return (await world.client.create(pods, podOf(name, annotations))) as unknown as PodObject;
}

/** What a kubelet would make of it at this moment. */
async function resolve(pod: PodObject): Promise<PodResolution> {
  return resolvePod(kubectlReader(world.controlPlane.kubectl), pod);
}

function mainOf(resolution: PodResolution) {
  if (resolution.kind === 'waiting') throw new Error(resolution.message);
  return resolution.containers['main'];
}

/** What the program prints in the container, with the npm packages of this checkout. */
async function outputOf(pod: PodObject, script: string): Promise<string> {
  const command = [process.execPath, '--eval', script];
  const { code, stdout, stderr } = await runContainer(await resolve(pod), 'main', {
    command,
    cwd: checkout,
    timeoutMs: 30_000,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

describe('(50) a Pod whose Secret is missing waits for it', () => {
  it('with its files', async () => {
    const pod = await create('files', { [bind]: 'binding/late' });
    const waiting = { kind: 'waiting', reason: 'FailedMount' };
    expect(await resolve(pod)).toMatchObject({
      ...waiting,
      message: expect.stringContaining('secret "late" not found') as string,
    });
    await world.createBinding('late', 'orders');
    await world.binding('late', isReady, 'is ready');
    const { password } = await world.secret('late');
    const read = `console.log(require('node:fs').readFileSync(process.env.SERVICE_BINDING_ROOT + '/db/password', 'utf8'))`;
    expect(await outputOf(pod, read)).toBe(password);
  });

  it('with its variables, where it has no files', async () => {
    const variables = { [`env.${bind}`]: 'PGPASSWORD=password', [`mount.${bind}`]: 'none' };
    const pod = await create('variables', { [bind]: 'binding/later', ...variables });
    expect(mainOf(await resolve(pod))).toMatchObject({
      kind: 'waiting',
      reason: 'CreateContainerConfigError',
      message: 'secret "later" not found',
    });
    await world.createBinding('later', 'orders');
    await world.binding('later', isReady, 'is ready');
    const { password } = await world.secret('later');
    expect(await outputOf(pod, 'console.log(process.env.PGPASSWORD)')).toBe(password);
  });
});

describe('(52) a Pod that does not wait: every library can read its directory, whose Secret is missing', () => {
  // spring-cloud-bindings and others: a directory without type is an error.
  const likeSpring = `
    const { readdirSync, readFileSync } = require('node:fs');
    const root = process.env.SERVICE_BINDING_ROOT;
    for (const name of readdirSync(root)) console.log(name, readFileSync(root + '/' + name + '/type', 'utf8'));`;
  const likeNode = `
    const { getBinding } = require('kube-service-bindings');
    console.log(JSON.stringify(getBinding('POSTGRESQL', 'pg')));`;

  it.each([
    ['one that needs a type in each directory', likeSpring, 'db postgresql'],
    ['kube-service-bindings', likeNode, '{"type":"postgresql"}'],
  ])('%s', async (what, script, output) => {
    const pod = await create(`optional-${what.split(' ').at(-1)}`, {
      [bind]: 'secret/never',
      [`wait.${bind}`]: 'optional',
      [`type.${bind}`]: 'postgresql',
    });
    expect(await outputOf(pod, script)).toBe(output);
  });
});

it('(54) a ServiceBinding of another namespace is not used', async () => {
  await world.client.create(namespaces, { metadata: { name: elsewhere } });
  const there = (name: string, kind: string, spec: object): KubeObject =>
    ({ apiVersion, kind, metadata: { name, namespace: elsewhere }, spec }) as KubeObject;
  const selectors = {
    clusterServiceClassExternalName: 'postgresql',
    clusterServicePlanExternalName: 'small',
  };
  await world.client.create(serviceInstances, there('orders', serviceInstances.kind, selectors));
  const spec = { instanceRef: { name: 'orders' }, secretName: 'theirs' };
  await world.client.create(serviceBindings, there('shared', serviceBindings.kind, spec));
  // The webhook has heard of it when a Pod beside it is given its Secret.
  const options = { dryRun: true };
  await waitFor(
    async () => {
      const beside = podOf('beside', { [bind]: 'binding/shared' }, elsewhere);
      return JSON.stringify(await world.client.create(pods, beside, options)).includes('"name":"theirs"');
    },
    { describe: 'a Pod of the other namespace gets the Secret of the binding' },
  );
  const pod = await create('apart', { [bind]: 'binding/shared' });
  expect(JSON.stringify(pod)).not.toContain('theirs');
  expect(await resolve(pod)).toMatchObject({
    reason: 'FailedMount',
    message: expect.stringContaining('secret "shared" not found') as string,
  });
});

it('(55) what asks for a ServiceBinding that failed is injected all the same, and whoever writes the workload is warned', async () => {
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 400, body: { description: 'never' } });
  await world.createBinding('broken', 'orders');
  await world.binding('broken', isFailed, 'has failed');
  const labels = { app: 'unlucky' };
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'unlucky', namespace: world.namespace, annotations: { [bind]: 'binding/broken' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
      },
    },
  };
  const apply = async (...more: readonly string[]): Promise<string> => {
    const args = ['apply', '-f', '-', ...more];
    const { code, stderr } = await world.controlPlane.kubectl(args, JSON.stringify(manifest));
    expect(code).toBe(0);
    return stderr;
  };
  const warning = 'ServiceBinding "broken" failed';
  await waitFor(async () => (await apply('--dry-run=server')).includes(warning), {
    describe: 'the webhook has heard of the failure',
  });
  expect(await apply()).toContain(warning);
  const query = { namespace: world.namespace, labelSelector: 'app=unlucky' };
  const pod = await waitFor(async () => (await world.client.list<KubeObject>(pods, query)).items[0], {
    describe: 'a Pod of the Deployment',
  });
  expect(JSON.stringify(pod)).toContain('"secret":{"name":"broken"}');
});
