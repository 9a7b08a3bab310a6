import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deployments, mutatingWebhookConfigurations, pods, secrets } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { authorityCertificate } from '../../cluster/cluster-access.ts';
import { writeKubeconfig } from '../../cluster/kubeconfig.ts';
import { accountOf, startInstalled, type Role } from '../../support/installed-bindery.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { waitFor } from '../../support/wait-for.ts';
import { deploy } from '../workloads/requested-services.ts';
import { dyingOwner, type OwnerReference } from './dying-owner.ts';

/** Somebody has broken into a role and has the token of its ServiceAccount: what can be done with it. */
const own = 'bindery-system';
const secretsOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/secrets`;
const registration = '/apis/admissionregistration.k8s.io/v1';
const mutating = `${registration}/mutatingwebhookconfigurations`;
const validating = `${registration}/validatingwebhookconfigurations`;
const policies = `${registration}/validatingadmissionpolicies`;
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const accounts = `/api/v1/namespaces/${own}/serviceaccounts`;
const tokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
const everything = {
  operations: ['*'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources: ['*/*'],
};
const wiretap = {
  webhooks: [
    {
      name: 'tap.example.com',
      clientConfig: { url: 'https://example.com/' },
      rules: [everything],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
};
const bound = (role: string): object => ({
  metadata: { name: 'more' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: 'bindery-webhook', namespace: own }],
});

/** The token controller of Kubernetes would fill it with a token of this account. */
function tokenSecret(namespace: string, name: string, account: string): SecretObject {
  const annotations = { 'kubernetes.io/service-account.name': account };
  return {
    metadata: { namespace, name, annotations },
    type: 'kubernetes.io/service-account-token',
  };
}

const injectedNote = { 'status.servicecatalog.k8s.io/injected': '{"v":1,"bindings":[]}' };
const unknownOwner = { apiVersion: 'v1', kind: 'Workflow', name: 'x', uid: 'x', controller: true };
const status = { name: 'main', image: 'i', imageID: 'i', ready: false, restartCount: 0 };

const forbidden = { status: 403 };
let world: ServiceWorld;
let owner: OwnerReference;
let configuration: KubeObject;
const kubeconfigs: Partial<Record<Role, string>> = {};
const thieves: Partial<Record<Role, KubeClient>> = {};

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  await world.register();
  owner = await dyingOwner(world);
  await world.createInstance('db', { parameters: { size: 1 } });
  await world.createBinding('db', 'db');
  await world.binding('db', isReady, 'is ready');
  for (const role of ['webhook', 'controller'] as const) await steal(role);
  configuration = await world.client.get(mutatingWebhookConfigurations, { name: 'bindery' });
}, 120_000);
afterAll(() => world?.stop());

/** The token that is in the Pods of the role. */
async function steal(role: Role): Promise<void> {
  const { controlPlane } = world;
  const { server, files } = controlPlane;
  const create = ['create', 'token', `bindery-${role}`, '-n', own];
  const { code, stdout, stderr } = await controlPlane.kubectl(create);
  expect(`${code} ${stderr}`).toBe('0 ');
  const path = join(files.directory, `stolen-${role}.kubeconfig`);
  await writeKubeconfig(path, {
    server,
    authorityPem: await readFile(authorityCertificate(files.directory), 'utf8'),
    userName: accountOf(role),
    user: { token: stdout.trim() },
  });
  kubeconfigs[role] = path;
  thieves[role] = await world.clientOf(path);
}

/** Refused to both. */
interface Attempt {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}
const nobodys: readonly Attempt[] = [
  { what: 'list the Secrets of the cluster', method: 'GET', path: '/api/v1/secrets' },
  { what: 'list the Secrets of its own namespace', method: 'GET', path: secretsOf(own) },
  { what: 'watch Secrets', method: 'GET', path: '/api/v1/secrets?watch=1&timeoutSeconds=1' },
  {
    what: 'ask for a token of the controller',
    method: 'POST',
    path: `${accounts}/bindery-controller/token`,
    body: tokenRequest,
  },
  {
    what: 'ask for a token of the webhook',
    method: 'POST',
    path: `${accounts}/bindery-webhook/token`,
    body: tokenRequest,
  },
  {
    what: 'make a webhook configuration',
    method: 'POST',
    path: mutating,
    body: { metadata: { name: 'tap' }, ...wiretap },
  },
  {
    what: 'make a validating configuration',
    method: 'POST',
    path: validating,
    body: { metadata: { name: 'tap' }, ...wiretap },
  },
  { what: 'delete the webhook configuration', method: 'DELETE', path: `${mutating}/bindery` },
  { what: 'replace the webhook configuration', method: 'PUT', path: `${mutating}/bindery`, body: wiretap },
  {
    what: "patch somebody else's webhook configuration",
    method: 'PATCH',
    path: `${mutating}/other`,
    body: wiretap,
  },
  { what: 'patch a validating configuration', method: 'PATCH', path: `${validating}/bindery`, body: wiretap },
  { what: 'delete a policy', method: 'DELETE', path: `${policies}/bindery-broker-secrets` },
  {
    what: 'give itself more rights',
    method: 'POST',
    path: `${rbac}/clusterrolebindings`,
    body: bound('cluster-admin'),
  },
  {
    what: 'give itself more rights here',
    method: 'POST',
    path: `${rbac}/namespaces/${own}/rolebindings`,
    body: bound('admin'),
  },
  {
    what: 'start a Pod that mounts Secrets',
    method: 'POST',
    path: `/api/v1/namespaces/${own}/pods`,
    body: { metadata: { name: 'x' } },
  },
  {
    what: 'look into a Pod',
    method: 'GET',
    path: `/api/v1/namespaces/${own}/pods/x/log`,
  },
  {
    what: 'delete all Pods of a namespace',
    method: 'DELETE',
    path: `/api/v1/namespaces/${own}/pods`,
  },
  {
    what: 'patch a CronJob',
    method: 'PATCH',
    path: '/apis/batch/v1/namespaces/default/cronjobs/app',
    body: {},
  },
];

it('whoever has the token of the webhook can not list Pods', async () => {
  await expect(thieves.webhook?.raw('GET', '/api/v1/pods')).rejects.toMatchObject(forbidden);
});

describe.each<Role>(['webhook', 'controller'])('whoever has the token of the %s', (role) => {
  it.each(nobodys)('can not $what', async ({ method, path, body }) => {
    await expect(thieves[role]?.raw(method, path, body)).rejects.toMatchObject(forbidden);
  });

  it.each([accountOf('controller'), accountOf('webhook'), 'system:admin'])(
    'can not act as %s',
    async (user) => {
      const as = ['--kubeconfig', kubeconfigs[role] ?? '', '--as', user];
      // What everybody may.
      const { code, stderr } = await world.controlPlane.kubectl(['get', '--raw', '/version', ...as]);
      expect(code).not.toBe(0);
      expect(stderr).toContain('(Forbidden)');
    },
  );
});

describe('whoever has the token of the webhook', () => {
  const webhook = (): KubeClient => thieves.webhook ?? world.client;

  it('can not read the Secret of a binding, nor that of a broker', async () => {
    const { namespace } = world;
    for (const name of ['db', 'broker-auth']) {
      await expect(webhook().get(secrets, { namespace, name })).rejects.toMatchObject(forbidden);
    }
  });

  it.each(['bindery-webhook-ca', 'another'])('can not make a Secret %s of tokens', async (name) => {
    const wanted = tokenSecret(own, name, 'bindery-controller');
    await expect(webhook().create(secrets, wanted)).rejects.toMatchObject(forbidden);
  });

  it('can not turn its own Secret into one of tokens', async () => {
    const { metadata, data } = await webhook().get<SecretObject>(secrets, {
      namespace: own,
      name: 'bindery-webhook-ca',
    });
    const { type, metadata: wanted } = tokenSecret(own, metadata.name, 'bindery-controller');
    const changed = { apiVersion: 'v1', kind: 'Secret', type, data, metadata: { ...metadata, ...wanted } };
    await expect(webhook().replace(secrets, changed as SecretObject)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('type: Invalid value') as string,
    });
    // Nor make room for another one.
    await expect(webhook().delete(secrets, metadata as never)).rejects.toMatchObject(forbidden);
  });

  it.each([
    ['read', 'GET'],
    ['patch', 'PATCH'],
  ])('can not %s the configuration by which it is called', async (_what, method) => {
    await expect(webhook().raw(method, `${mutating}/bindery`, wiretap)).rejects.toMatchObject(forbidden);
  });
});

describe('whoever has the token of the controller', () => {
  const controller = (): KubeClient => thieves.controller ?? world.client;

  it.each([
    ['a ServiceAccount of its own namespace', own, 'bindery-webhook'],
    ['an account of Kubernetes', 'kube-system', 'clusterrole-aggregation-controller'],
    ['an account of a tenant', 'default', 'default'],
  ])('can not have the token of %s put into a Secret', async (_what, namespace, account) => {
    const wanted = tokenSecret(namespace, 'wanted', account);
    await expect(controller().create(secrets, wanted)).rejects.toMatchObject(forbidden);
    const apply = { type: 'apply', fieldManager: 'thief' } as const;
    const ref = { namespace, name: 'wanted' };
    const applied = { apiVersion: 'v1', kind: 'Secret', ...wanted };
    await expect(controller().patch(secrets, ref, applied, apply)).rejects.toMatchObject(forbidden);
  });

  it('can not have a token by pointing a Secret for tokens to another account', async () => {
    const { client, namespace } = world;
    await client.create(secrets, tokenSecret(namespace, 'of-a-tenant', 'default'));
    const { metadata } = tokenSecret(namespace, 'of-a-tenant', 'admin');
    const patch = controller().patch(secrets, metadata, { metadata }, { type: 'merge' });
    await expect(patch).rejects.toMatchObject(forbidden);
  });

  it('can not make a token with which nodes join', async () => {
    const metadata = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' };
    const wanted = { metadata, type: 'bootstrap.kubernetes.io/token' } as KubeObject;
    await expect(controller().create(secrets, wanted)).rejects.toMatchObject(forbidden);
  });

  it('can not make a Secret for purposes of its own', async () => {
    const metadata = { namespace: world.namespace, name: 'wanted' };
    await expect(controller().create(secrets, { metadata })).rejects.toMatchObject(forbidden);
  });

  it('can not replace a Secret', async () => {
    const ref = { namespace: world.namespace, name: 'db' };
    const found = await controller().get<SecretObject>(secrets, ref);
    await expect(controller().replace(secrets, found)).rejects.toMatchObject(forbidden);
  });

  it('can not add a broker, to which parameters and credentials would go', async () => {
    const path = '/apis/servicecatalog.k8s.io/v1beta1/clusterservicebrokers';
    const broker = { metadata: { name: 'thief' }, spec: { url: 'https://example.com' } };
    await expect(controller().raw('POST', path, broker)).rejects.toMatchObject(forbidden);
  });
});

it('all of that has changed nothing, and hinders the controller in nothing', async () => {
  expect(await world.client.get(mutatingWebhookConfigurations, { name: 'bindery' })).toEqual(configuration);
  await world.createBinding('after', 'db');
  await world.binding('after', isReady, 'is ready');
  // Made by the controller, as `db` has parameters.
  await world.client.get(secrets, { namespace: own, name: 'bindery-checksum-key' });
  const ref = { namespace: own, name: 'bindery-webhook-ca' };
  await world.client.delete(secrets, ref);
  const remade = await waitFor(() => world.client.get<SecretObject>(secrets, ref), {
    timeoutMs: 45_000,
    describe: 'the Secret of the webhook is there again, for the webhook to fill it',
  });
  expect(remade.type).toBe('Opaque');
});

it.each<[string, object]>([
  [
    'its Pods',
    {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'registry.example.com/evil:1' }] } } },
    },
  ],
  ['its size', { spec: { replicas: 50 } }],
  ['its owner', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }] } }],
  ['what it asks for', { metadata: { annotations: { 'bind.servicecatalog.k8s.io/db': 'secret/theirs' } } }],
  ['an annotation of its Pods', { spec: { template: { metadata: { annotations: { sidecar: 'evil' } } } } }],
])('of a workload the controller can change digests and ids alone, and not %s', async (_what, patch) => {
  const ref = { namespace: world.namespace, name: 'app' };
  if ((await world.find(deployments, 'app')) === undefined) await deploy(world, 'app', {});
  const { controller } = thieves;
  const annotations = { 'hash.servicecatalog.k8s.io/db': 'k.0123' };
  const own = { annotations: { ...annotations, 'servicecatalog.k8s.io/ids': '{}' } };
  const digest = { metadata: own, spec: { template: { metadata: { annotations } } } };
  await controller?.patch(deployments, ref, digest, { type: 'merge' });
  await waitFor(async () => {
    await expect(controller?.patch(deployments, ref, patch, { type: 'merge' })).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('bindery-controller-workloads') as string,
    });
    return true;
  });
});

it.each<[string, object]>([
  ['its image', { spec: { containers: [{ name: 'main', image: 'registry.example.com/evil:1' }] } }],
  ['the gates of others', { spec: { schedulingGates: null } }],
  ['its owner', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }] } }],
  ['what it asks for', { metadata: { annotations: { note: 'x' } } }],
])('of a Pod the controller can lift its own gate alone, and not change %s', async (_what, patch) => {
  const ref = { namespace: world.namespace, name: 'held' };
  const held = {
    metadata: ref,
    spec: {
      containers: [{ name: 'main', image: 'registry.example.com/app:1' }],
      schedulingGates: [{ name: 'example.com/quota' }],
    },
  } as KubeObject;
  if ((await world.find(pods, 'held')) === undefined) await world.client.create(pods, held);
  const noted = { metadata: { annotations: { 'servicecatalog.k8s.io/binding-seen': 'db' } } };
  await thieves.controller?.patch(pods, ref, noted, { type: 'merge' });
  const type = { type: 'strategic' } as const;
  await waitFor(async () => {
    await expect(thieves.controller?.patch(pods, ref, patch, type)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('bindery-controller-pods') as string,
    });
    return true;
  });
});

it.each<[string, object, object]>([
  ['was not injected', {}, {}],
  ['is made by nobody', { annotations: injectedNote, ownerReferences: [] }, {}],
  ['is made by somebody unknown', { annotations: injectedNote, ownerReferences: [unknownOwner] }, {}],
  ['runs', { annotations: injectedNote }, { phase: 'Running' }],
  [
    'has run',
    { annotations: injectedNote },
    { containerStatuses: [{ ...status, state: { waiting: {} }, restartCount: 1 }] },
  ],
  [
    'runs in part',
    { annotations: injectedNote },
    { initContainerStatuses: [{ ...status, state: { running: {} } }] },
  ],
])('the controller can not delete a Pod that %s', async (what, metadata, is) => {
  const { client, namespace } = world;
  const name = `kept-${what.replaceAll(/[^a-z]/g, '-')}`;
  const ref = { namespace, name };
  await client.create(pods, {
    metadata: { ...ref, ownerReferences: [owner], ...metadata },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  } as KubeObject);
  await client.patch(pods, ref, { status: is }, { type: 'merge', subresource: 'status' });
  await waitFor(async () => {
    await expect(thieves.controller?.delete(pods, ref)).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('bindery-controller-pods') as string,
    });
    return true;
  });
});

it('the controller can delete one that waits to start and is made anew', async () => {
  const ref = { namespace: world.namespace, name: 'replaced' };
  await world.client.create(pods, {
    metadata: { ...ref, annotations: injectedNote, ownerReferences: [owner] },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  } as KubeObject);
  await thieves.controller?.delete(pods, ref);
  await waitFor(async () => (await world.find(pods, 'replaced')) === undefined);
});
