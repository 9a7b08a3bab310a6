import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { install } from '../../../src/commands/install.ts';
import { readManifests } from '../../../src/commands/manifests.ts';
import { removeProgram } from '../../../src/cli/uninstall/remove-program.ts';
import { apiVersion, requestedByAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  deployments,
  namespaces,
  pods,
  roleBindings,
  roles,
  secrets,
  type Resource,
} from '../../../src/kube/resources.ts';
import { accountOf, installBindery, kubeconfigOf, webhookFlags } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, deploy, requestedFor } from '../workloads/requested-services.ts';

const auditBase = join(tmpdir(), `bindery-audit-${randomBytes(6).toString('hex')}`);
const auditPolicy = `${auditBase}.yaml`;
const auditLog = `${auditBase}.log`;
const patience = 45_000;

let world: ServiceWorld;
let controller: BinderyProcess;
let webhook: BinderyProcess;
let webhookUrl: URL;

beforeAll(async () => {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  await writeFile(auditPolicy, JSON.stringify({ ...policy, rules: [{ level: 'Metadata' }] }));
  world = await ServiceWorld.start({
    controllers: 'none',
    apiServerArgs: [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${auditLog}`],
  });
  for (const name of ['a', 'b', 'c']) await world.client.create(namespaces, { metadata: { name } });
  webhookUrl = await installBindery(world, undefined, ['a', 'b']);
  [controller, webhook] = await Promise.all([startController('a,b'), startWebhook('a,b')]);
}, 120_000);

afterAll(async () => {
  await world?.stop();
  await Promise.all([auditPolicy, auditLog].map((file) => rm(file, { force: true })));
});

async function startController(served: string): Promise<BinderyProcess> {
  const kubeconfig = await kubeconfigOf('controller', world.controlPlane);
  const args = [`--namespaces=${served}`, '--leader-elect=true', '--retry-period=200ms'];
  return world.startRoleProcess({ role: 'controller', kubeconfig, args });
}

async function startWebhook(served: string): Promise<BinderyProcess> {
  const kubeconfig = await kubeconfigOf('webhook', world.controlPlane);
  const args = [`--namespaces=${served}`, ...webhookFlags(webhookUrl)];
  return world.startRoleProcess({ role: 'webhook', kubeconfig, args });
}

async function restartWebhook(served: string): Promise<void> {
  await webhook.end();
  webhook = await startWebhook(served);
}

/** Instead of the one that runs. */
async function restartController(served: string): Promise<void> {
  await controller.end();
  controller = await startController(served);
}

async function find<T extends KubeObject>(resource: Resource, namespace: string, name: string): Promise<T> {
  return world.client.get<T>(resource, { namespace, name });
}

async function ready(resource: Resource, namespace: string, name: string): Promise<void> {
  await waitFor(
    async () => isReady(await find(resource, namespace, name).catch(() => ({ metadata: { name } }))),
    {
      timeoutMs: patience,
      describe: `${resource.kind} ${namespace}/${name} is ready`,
    },
  );
}

async function registerBroker(namespace: string): Promise<void> {
  const { auth, url } = world.broker;
  if (auth.kind !== 'basic') throw new Error('the broker is expected to ask for basic authentication');
  await world.client.create(secrets, {
    metadata: { namespace, name: 'auth' },
    stringData: { username: auth.username, password: auth.password },
  } as KubeObject);
  await world.client.create(serviceBrokers, {
    apiVersion,
    kind: serviceBrokers.kind,
    metadata: { namespace, name: 'own' },
    spec: { url, authInfo: { basic: { secretRef: { name: 'auth' } } } },
  } as KubeObject);
}

async function createInstance(namespace: string, name: string): Promise<void> {
  await world.client.create(serviceInstances, {
    metadata: { namespace, name },
    spec: { serviceClassExternalName: 'postgresql', servicePlanExternalName: 'small' },
  } as KubeObject);
}

async function createBinding(namespace: string, name: string): Promise<void> {
  await world.client.create(serviceBindings, {
    metadata: { namespace, name },
    spec: { instanceRef: { name } },
  } as KubeObject);
}

interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly namespace?: string };
  readonly responseStatus?: { readonly code?: number };
}

async function linesOfRoles(): Promise<readonly AuditLine[]> {
  const users = [accountOf('controller'), accountOf('webhook')];
  const lines = (await readFile(auditLog, 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ user }) => users.includes(user.username));
}

function deletions(): readonly string[] {
  return world.broker.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
}

function requestsAbout(id: string | undefined) {
  return world.broker.requests.filter(({ instanceId }) => instanceId === id);
}

it('serves the namespaces that it is given, with Roles there', async () => {
  for (const namespace of ['a', 'b', 'c']) await registerBroker(namespace);
  for (const namespace of ['a', 'b']) {
    await ready(serviceBrokers, namespace, 'own');
    await createInstance(namespace, 'db');
    await createBinding(namespace, 'db');
    await ready(serviceBindings, namespace, 'db');
    await find(secrets, namespace, 'db');

    await deploy({ client: world.client, namespace }, 'shop', asking('db'), deployments, {});
    const { login } = requestedFor(namespace, 'shop', 'db');
    await ready(serviceBindings, namespace, login);
    const injected = await waitFor(
      async () => {
        const { items } = await world.client.list<KubeObject>(pods, { namespace });
        return items.find((pod) => JSON.stringify(pod).includes(`"name":"${login}"`));
      },
      { timeoutMs: patience, describe: `a Pod in ${namespace} has the Secret` },
    );
    expect(JSON.stringify(injected)).toContain('SERVICE_BINDING_ROOT');
  }
}, 180_000);

it('touches nothing elsewhere, and answers nobody there', async () => {
  await createInstance('c', 'db');
  await deploy({ client: world.client, namespace: 'c' }, 'shop', asking('db'), deployments, {});
  await createInstance('a', 'later');
  await ready(serviceInstances, 'a', 'later');
  const untouched = await find<ServiceInstance>(serviceInstances, 'c', 'db');
  expect(untouched.status?.conditions).toBeUndefined();
  expect(untouched.metadata.finalizers).toBeUndefined();
  expect(untouched.spec.externalID).toBeUndefined();
  const { metadata } = await find(deployments, 'c', 'shop');
  expect(metadata.annotations?.[requestedByAnnotation]).toBeUndefined();
  const lines = await linesOfRoles();
  expect(lines.filter(({ objectRef }) => objectRef?.namespace === 'c')).toEqual([]);
});

it('loses nothing of a namespace that is taken out of the list, and goes on when it is put back', async () => {
  await restartController('a');
  await world.client.delete(serviceBindings, { namespace: 'b', name: 'db' });
  await world.client.delete(deployments, { namespace: 'b', name: 'shop' });
  await createInstance('a', 'meanwhile');
  await ready(serviceInstances, 'a', 'meanwhile');
  expect(deletions()).toEqual([]);
  await ready(serviceInstances, 'b', 'db');
  await find(secrets, 'b', 'db');

  await restartController('a,b');
  await waitFor(() => deletions().length > 0, { timeoutMs: patience, describe: 'the login is taken back' });
  await createInstance('b', 'again');
  await ready(serviceInstances, 'b', 'again');
  await ready(serviceInstances, 'b', 'db');
  expect(deletions().filter((path) => !path.includes('/service_bindings/'))).toEqual([]);
}, 180_000);

it('does not take the service of a namespace that it can not see for a copy, nor take it along', async () => {
  await Promise.all([restartController('a'), restartWebhook('a')]);
  const { spec, metadata } = await find<ServiceInstance>(serviceInstances, 'b', 'db');
  const before = requestsAbout(spec.externalID).length;
  const { serviceClassExternalName, servicePlanExternalName, externalID } = spec;
  await world.client.create(serviceInstances, {
    metadata: { namespace: 'a', name: 'copy', annotations: metadata.annotations },
    spec: { serviceClassExternalName, servicePlanExternalName, externalID },
  } as KubeObject);
  await waitFor(async () => readyReason(await find(serviceInstances, 'a', 'copy')) === 'IdOfAnotherCluster', {
    timeoutMs: patience,
    describe: 'the copy waits for a word',
  });
  await world.client.delete(serviceInstances, { namespace: 'a', name: 'copy' });
  await waitFor(
    async () => {
      const { items } = await world.client.list<KubeObject>(serviceInstances, { namespace: 'a' });
      return !items.some(({ metadata: { name } }) => name === 'copy');
    },
    { timeoutMs: patience, describe: 'the copy is gone' },
  );
  expect(requestsAbout(spec.externalID)).toHaveLength(before);
  await Promise.all([restartController('a,b'), restartWebhook('a,b')]);
}, 120_000);

it('lets what wants an offer of the cluster wait, and go', async () => {
  await world.client.create(serviceInstances, {
    metadata: { namespace: 'a', name: 'of-the-cluster' },
    spec: { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: 'small' },
  } as KubeObject);
  const reason = await waitFor(async () => readyReason(await find(serviceInstances, 'a', 'of-the-cluster')), {
    timeoutMs: patience,
    describe: 'it says what it waits for',
  });
  expect(reason).toBe('ReferencesNonexistentServiceClass');
  await world.client.delete(serviceInstances, { namespace: 'a', name: 'of-the-cluster' });
  await waitFor(
    async () => {
      const { items } = await world.client.list<KubeObject>(serviceInstances, { namespace: 'a' });
      return !items.some(({ metadata }) => metadata.name === 'of-the-cluster');
    },
    { timeoutMs: patience, describe: 'it is gone' },
  );
});

it('is installed once in a cluster', async () => {
  const deps = { client: world.client, logger: silentLogger, manifests: await readManifests() };
  const second = install({ ...deps, namespace: 'other', namespaces: ['c'] }, AbortSignal.timeout(patience));
  await expect(second).rejects.toThrow('installed in namespace "bindery-system" already');
});

it('needs no right that it has not', async () => {
  const refused = (await linesOfRoles()).filter(({ responseStatus }) => responseStatus?.code === 403);
  expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
});

it('goes on for the others when a namespace is gone with its Role', async () => {
  await world.client.create(namespaces, { metadata: { name: 'd' } });
  await installBindery(world, webhookUrl, ['a', 'b', 'd']);
  await world.client.delete(namespaces, { name: 'd' });
  await waitFor(
    async () =>
      (await world.client.list(namespaces, { fieldSelector: 'metadata.name=d' })).items.length === 0,
    { timeoutMs: patience, describe: 'the namespace is gone' },
  );
  await restartController('a,b,d');
  await createInstance('a', 'last');
  await ready(serviceInstances, 'a', 'last');
}, 120_000);

it('is removed with the Roles in all of them', async () => {
  const labelSelector = 'app.kubernetes.io/name=bindery';
  const removed = await removeProgram(world.client, 'bindery-system', AbortSignal.timeout(patience));
  expect(removed).toEqual(
    expect.arrayContaining(['Role a/bindery-controller', 'RoleBinding b/bindery-webhook']),
  );
  for (const resource of [roles, roleBindings]) {
    expect((await world.client.list(resource, { labelSelector })).items).toEqual([]);
  }
});
