import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiVersion, idsAnnotation } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  serviceBindings,
  serviceInstances,
  type Kind,
} from '../../../src/api/kinds.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/credentials.ts';
import type { KubeObject, ObjectRef } from '../../../src/kube/objects.ts';
import { deployments, namespaces, secrets } from '../../../src/kube/resources.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { BinderyProcess } from '../../../demo/bindery-process.ts';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { runCli } from '../../support/run-cli.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady } from '../../support/world/service-world.ts';

const namespace = 'shop';
const ref = { namespace, name: 'db' };

let plane: ControlPlane;
let client: KubeClient;
let broker: TestBroker;
let directory: string;
let bindery: BinderyProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'uninstall-'));
  plane = await startControlPlane();
  client = new KubeClient({ connection: await loadConnection({ kubeconfig: plane.kubeconfig }) });
  broker = await TestBroker.start();
  await client.create(namespaces, { metadata: { name: namespace } });
}, 60_000);
afterAll(async () => {
  await bindery?.stop();
  await client?.close();
  await broker?.stop();
  await plane?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** One process with both roles, which installs everything but Deployments. */
async function install(): Promise<void> {
  const { kubeconfig } = plane;
  bindery = await BinderyProcess.start({
    kubeconfig,
    signal: AbortSignal.timeout(60_000),
    args: ['--user-provided-services=false'],
  });
}

const uninstall = (...args: readonly string[]) =>
  runCli(['uninstall', '--kubeconfig', plane.kubeconfig, ...args]);

async function apply(...objects: readonly object[]): Promise<void> {
  await applyText(objects.map((object) => JSON.stringify({ apiVersion, ...object })).join('\n---\n'));
}

async function applyText(text: string): Promise<void> {
  await waitFor(
    async () => {
      const { code } = await plane.kubectl(['apply', '-f', '-'], text);
      return code === 0;
    },
    { timeoutMs: 60_000, describe: 'it is applied' },
  );
}

async function whenReady<T extends KubeObject>(kind: Kind, which: ObjectRef = ref): Promise<T> {
  let last: T | undefined;
  return waitFor(
    async () => {
      last = await client.get<T>(kind, which);
      return isReady(last) ? last : undefined;
    },
    { timeoutMs: 60_000, describe: () => `${kind.kind} is ready: ${JSON.stringify(last)}` },
  );
}

async function register(): Promise<void> {
  const { auth } = broker;
  if (auth.kind !== 'basic') throw new Error('basic authentication');
  const secretRef = { namespace, name: 'broker-auth' };
  const { username, password } = auth;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: secretRef,
    stringData: { username, password },
  };
  const spec = { url: broker.url, authInfo: { basic: { secretRef } } };
  await apply(secret, { kind: 'ClusterServiceBroker', metadata: { name: 'test' }, spec });
  await whenReady(clusterServiceBrokers, { name: 'test' });
  await apply(
    {
      kind: 'ServiceInstance',
      metadata: ref,
      spec: { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' },
    },
    { kind: 'ServiceBinding', metadata: ref, spec: { instanceRef: { name: 'db' } } },
  );
}

async function nothingIsLeft(): Promise<void> {
  const kinds =
    'crd,mutatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings';
  const all = await plane.kubectl(['get', `${kinds},clusterroles,clusterrolebindings`, '-o', 'name']);
  const ours = all.stdout.split('\n').filter((name) => /bindery|servicecatalog/.test(name));
  expect(ours).toEqual([]);
}

it('refuses while nobody has said what becomes of the services, and changes nothing', async () => {
  await install();
  await register();
  await whenReady<ServiceBinding>(serviceBindings);
  const refused = await uninstall();
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('ClusterServiceBroker "test": 1 service instances, 1 bindings');
  expect(refused.stderr).toContain('--keep-services');
  const checked = await uninstall('--check');
  expect(checked.code).toBe(1);
  expect(checked.stdout).toContain('1 service instances, 1 bindings');
  expect(checked.stderr).toContain('nothing was removed');
  expect((await uninstall('--check', '--deprovision')).stderr).toContain('--check goes with none');
  const file = join(directory, 'dry.yaml');
  const dry = await uninstall('--dry-run', '--keep-services', file);
  expect([dry.code, existsSync(file)]).toEqual([0, false]);
  const running = await uninstall('--keep-services', '/proc/nowhere/file.yaml', '--dry-run');
  expect(running.code).toBe(0);
  await whenReady<ServiceInstance>(serviceInstances);
}, 120_000);

it('keeps services: after the next installation and the export all is as before, and no broker heard of it', async () => {
  const before = await whenReady<ServiceInstance>(serviceInstances);
  const login = await client.get<SecretObject>(secrets, ref);
  broker.forget();
  await bindery?.end();
  const file = join(directory, 'services.yaml');
  const done = await uninstall('--keep-services', file);
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('1 ServiceInstance')]);
  await nothingIsLeft();
  expect((await client.get<SecretObject>(secrets, ref)).data).toEqual(login.data);

  await install();
  await applyText(await readFile(file, 'utf8'));
  const after = await whenReady<ServiceInstance>(serviceInstances);
  const bound = await whenReady<ServiceBinding>(serviceBindings);
  expect(after.status?.instanceID).toBe(before.status?.instanceID);
  const { data, metadata } = await client.get<SecretObject>(secrets, ref);
  expect(data).toEqual(login.data);
  expect(metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([bound.metadata.uid]);
  for (const operation of ['deprovision', 'unbind', 'update'] as const) {
    expect(broker.requestsOf(operation)).toEqual([]);
  }
  expect([broker.liveInstances().length, broker.liveBindings().length]).toEqual([1, 1]);
  expect((await uninstall('--keep-services', file)).stderr).toContain('apply both');
}, 180_000);

it('keeps services of kinds that were deleted by hand, with objects that are all marked for deletion', async () => {
  const { status } = await whenReady<ServiceInstance>(serviceInstances);
  await bindery?.end();
  broker.forget();
  const deleted = await plane.kubectl(['delete', '--wait=false', '-f', 'deploy/crds']);
  expect(deleted.code).toBe(0);
  await waitFor(
    async () => (await client.get(serviceInstances, ref)).metadata.deletionTimestamp !== undefined,
    { timeoutMs: 45_000, describe: 'the instance is marked for deletion' },
  );
  // Who installs again, since something hangs, loses nothing.
  const file = join(directory, 'rescued.yaml');
  const done = await uninstall('--keep-services', file);
  expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('deleted with its kind')]);
  await nothingIsLeft();
  await install();
  await applyText(await readFile(file, 'utf8'));
  const after = await whenReady<ServiceInstance>(serviceInstances);
  expect(after.status?.instanceID).toBe(status?.instanceID);
  await whenReady<ServiceBinding>(serviceBindings);
  expect([...broker.requestsOf('deprovision'), ...broker.requestsOf('unbind')]).toEqual([]);
}, 180_000);

it('keeps services that were made for workloads: the next installation takes them up, and makes no empty ones', async () => {
  const annotations = { 'bind.servicecatalog.k8s.io/db': 'request/postgresql/small' };
  const labels = { app: 'web' };
  const template = {
    metadata: { labels, annotations },
    spec: { containers: [{ name: 'c', image: 'none' }] },
  };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  const web: ObjectRef = { namespace, name: 'web' };
  await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: web, spec });
  const isRecorded = async () =>
    (await client.get(deployments, web)).metadata.annotations?.[idsAnnotation] !== undefined;
  await waitFor(isRecorded, { timeoutMs: 60_000, describe: 'its services are on record' });
  const before = await requested();
  await bindery?.end();
  const file = join(directory, 'requested.yaml');
  expect((await uninstall('--keep-services', file)).code).toBe(0);
  broker.forget();
  await install();
  const after = await waitFor(requested, { timeoutMs: 60_000, describe: 'it is asked for again' });
  expect(after?.spec.externalID).toBe(before?.spec.externalID);
  await applyText(await readFile(file, 'utf8'));
  await whenReady<ServiceInstance>(serviceInstances, { namespace, name: after?.metadata.name ?? '' });
  const made = broker.requestsOf('provision').filter(({ status }) => status === 201);
  expect([made, broker.requestsOf('deprovision')]).toEqual([[], []]);
  await client.delete(deployments, web);
}, 240_000);

async function requested(): Promise<ServiceInstance | undefined> {
  const { items } = await client.list<ServiceInstance>(serviceInstances, { namespace });
  return items.find(({ metadata: { name } }) => name.startsWith('web-'));
}

it('deprovisions when told to, and removes itself then', async () => {
  const removing = uninstall('--deprovision', '--timeout', '4m');
  await waitFor(() => broker.liveInstances().length === 0, {
    timeoutMs: 60_000,
    describe: 'the service is gone',
  });
  await waitFor(
    async () => !(await plane.kubectl(['get', 'crd', '-o', 'name'])).stdout.includes('serviceinstances'),
    {
      timeoutMs: 60_000,
      describe: 'the kinds are gone',
    },
  );
  // A process outside of the cluster is ended by whoever started it.
  await bindery?.end();
  const { code, stdout, stderr } = await removing;
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Removed.');
  await nothingIsLeft();
  expect(broker.liveBindings()).toEqual([]);
  expect(broker.violations).toEqual([]);
}, 300_000);
