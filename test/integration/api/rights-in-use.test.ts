import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiVersion } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  podPresets,
  serviceBindings,
  serviceBrokers,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import {
  configMaps,
  daemonSets,
  deployments,
  pods,
  secrets,
  statefulSets,
} from '../../../src/kube/resources.ts';
import { accountOf, startInstalled, type Role } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { hastyArgs } from '../workloads/kept-services.ts';
import { deploy, requestedFor, inUse } from '../workloads/requested-services.ts';
import { objectsIn } from './private-cluster.ts';

/** Granted, and not used by this story: each for a reason. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  'asked for by an admission plugin, not by a request: the owner reference of a Secret has blockOwnerDeletion':
    ['update servicebindings.servicecatalog.k8s.io/finalizers'],
  'only after a lost race: what was written meanwhile is read': [
    'get clusterservicebrokers.servicecatalog.k8s.io',
    'get servicebrokers.servicecatalog.k8s.io',
    'get clusterserviceclasses.servicecatalog.k8s.io',
    'get clusterserviceplans.servicecatalog.k8s.io',
    'get serviceclasses.servicecatalog.k8s.io',
    'get serviceplans.servicecatalog.k8s.io',
    'get serviceinstances.servicecatalog.k8s.io',
    'get servicebindings.servicecatalog.k8s.io',
  ],
  'labels of classes and plans that somebody made or changed by hand, without the webhook': [
    'patch clusterserviceclasses.servicecatalog.k8s.io',
    'patch clusterserviceplans.servicecatalog.k8s.io',
    'patch serviceclasses.servicecatalog.k8s.io',
    'patch serviceplans.servicecatalog.k8s.io',
  ],
  'a status that somebody else wrote meanwhile, and the release before, which patches all of them': [
    'patch clusterservicebrokers.servicecatalog.k8s.io/status',
    'patch servicebrokers.servicecatalog.k8s.io/status',
    'patch clusterserviceclasses.servicecatalog.k8s.io/status',
    'patch serviceclasses.servicecatalog.k8s.io/status',
    'patch clusterserviceplans.servicecatalog.k8s.io/status',
    'patch serviceplans.servicecatalog.k8s.io/status',
    'patch serviceinstances.servicecatalog.k8s.io/status',
    'patch servicebindings.servicecatalog.k8s.io/status',
    'patch podpresets.settings.servicecatalog.k8s.io/status',
  ],
  'a ConfigMap that somebody made without an id': ['patch configmaps bindery-system/cluster-info'],
  'an event that is repeated': ['patch events'],
};

const auditBase = join(tmpdir(), `bindery-audit-${randomBytes(6).toString('hex')}`);
const auditPolicy = `${auditBase}.yaml`;
const auditLog = `${auditBase}.log`;
const patience = { timeoutMs: 45_000 };

let world: ServiceWorld;

beforeAll(async () => {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  await writeFile(auditPolicy, JSON.stringify({ ...policy, rules: [{ level: 'Metadata' }] }));
  world = await ServiceWorld.start({
    controllers: 'none',
    apiServerArgs: [
      `--audit-policy-file=${auditPolicy}`,
      `--audit-log-path=${auditLog}`,
      '--enable-admission-plugins=OwnerReferencesPermissionEnforcement',
    ],
  });
  // The Lease is renewed within the story, however fast that is told.
  await startInstalled(world, { controller: ['--leader-elect=true', '--retry-period=200ms', ...hastyArgs] });
}, 120_000);

afterAll(async () => {
  await world?.stop();
  await Promise.all([auditPolicy, auditLog].map((file) => rm(file, { force: true })));
});

async function registerOwnBroker(): Promise<void> {
  const { auth, url } = world.broker;
  if (auth.kind !== 'basic') throw new Error('the broker is expected to ask for basic authentication');
  const { namespace } = world;
  await world.client.create(secrets, {
    metadata: { namespace, name: 'own' },
    stringData: { username: auth.username, password: auth.password },
  } as KubeObject);
  await world.client.create(serviceBrokers, {
    apiVersion,
    kind: serviceBrokers.kind,
    metadata: { namespace, name: 'own' },
    spec: { url, authInfo: { basic: { secretRef: { name: 'own' } } } },
  } as KubeObject);
  await world.until(serviceBrokers, 'own', isReady, 'the broker is ready');
}

/** A broker whose authority is in a ConfigMap. Nobody is there; it was read all the same. */
async function registerBrokerWithAuthority(): Promise<void> {
  const { namespace } = world;
  await world.client.create(configMaps, { metadata: { namespace, name: 'ca' }, data: {} } as KubeObject);
  const annotations = { 'servicecatalog.k8s.io/ca-configmap': `${namespace}/ca` };
  await world.client.create(clusterServiceBrokers, {
    apiVersion,
    kind: clusterServiceBrokers.kind,
    metadata: { name: 'with-ca', annotations },
    spec: { url: 'https://127.0.0.1:1' },
  } as KubeObject);
  await world.until(
    clusterServiceBrokers,
    'with-ca',
    (broker) => JSON.stringify(broker).includes('"Ready"'),
    'says that it is not ready',
  );
}

/** The catalog with another description everywhere, fetched by both brokers. */
async function changeCatalog(): Promise<void> {
  const { catalog } = world.broker;
  const services = catalog.services.map((service) => ({
    ...service,
    description: 'changed',
    plans: service.plans.map((plan) => ({ ...plan, description: 'changed' })),
  }));
  world.broker.setCatalog({ ...catalog, services });
  const again = { spec: { relistRequests: 1 } };
  await world.client.patch(clusterServiceBrokers, { name: 'test' }, again, { type: 'merge' });
  const own = { namespace: world.namespace, name: 'own' };
  await world.client.patch(serviceBrokers, own, again, { type: 'merge' });
  await waitFor(async () => {
    const { items } = await world.client.list<KubeObject>(clusterServiceClasses, {});
    return JSON.stringify(items).includes('"description":"changed"');
  }, patience);
}

const rolledOut = {
  'bind.servicecatalog.k8s.io/db': 'binding/db',
  'restart.bind.servicecatalog.k8s.io/db': 'on-change',
};

async function podOf(app: string): Promise<KubeObject | undefined> {
  const query = { namespace: world.namespace, labelSelector: `app=${app}` };
  return (await world.client.list<KubeObject>(pods, query)).items[0];
}

/** Everything that people do with Bindery, once. */
async function story(): Promise<void> {
  const { client, namespace } = world;
  await world.register();
  await registerOwnBroker();
  await registerBrokerWithAuthority();

  await client.create(secrets, {
    metadata: { namespace, name: 'parameters' },
    stringData: { parameters: '{"size":1}' },
  } as KubeObject);
  await world.createInstance('db', {
    parametersFrom: [{ secretKeyRef: { name: 'parameters', key: 'parameters' } }],
  });
  await world.createBinding('db', 'db');
  await world.binding('db', isReady, 'is ready');
  await client.create(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { namespace, name: 'own' },
    spec: { serviceClassExternalName: 'postgresql', servicePlanExternalName: 'small' },
  } as KubeObject);
  await world.instance('own', isReady, 'is ready');

  const pod = await client.create<KubeObject>(pods, {
    metadata: { namespace, name: 'app', annotations: { 'bind.servicecatalog.k8s.io/db': 'binding/db' } },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  } as KubeObject);
  expect(JSON.stringify(pod)).toContain('"/bindings/db"');
  const gated = {
    'bind.servicecatalog.k8s.io/db': 'binding/db',
    'wait.bind.servicecatalog.k8s.io/db': 'gate',
  };
  await client.create(pods, {
    metadata: { namespace, name: 'gated', annotations: gated },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  } as KubeObject);
  const isLetGo = (held: KubeObject): boolean => !JSON.stringify(held).includes('"schedulingGates"');
  await world.until(pods, 'gated', isLetGo, 'is held no more');
  await deploy(world, 'early', { 'bind.servicecatalog.k8s.io/db': 'binding/late' });
  const early = await waitFor(async () => podOf('early'), patience);
  await client.create(serviceBindings, {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: { namespace, name: 'late' },
    spec: { instanceRef: { name: 'db' }, secretName: 'elsewhere' },
  } as KubeObject);
  await waitFor(async () => (await podOf('early'))?.metadata.uid !== early.metadata.uid, patience);
  await world.remove(serviceBindings, 'late');
  await client.create(podPresets, {
    metadata: { namespace, name: 'proxy' },
    spec: { env: [{ name: 'PROXY', value: 'http://proxy' }] },
  } as KubeObject);
  const isTold = (preset: KubeObject): boolean => readyReason(preset) === 'NamespaceNotLabelled';
  await world.until(podPresets, 'proxy', isTold, 'says what its namespace lacks');
  await inUse(world, 'asking', 'cache');
  for (const resource of [deployments, statefulSets, daemonSets]) {
    await deploy(world, 'rolled', rolledOut, resource);
    const isNoted = ({ metadata: { annotations = {} } }: KubeObject): boolean =>
      annotations['hash.servicecatalog.k8s.io/db'] !== undefined;
    await world.until(resource, 'rolled', isNoted, 'has a digest of its Secret');
  }
  await deploy(world, 'plain', {});
  await changeCatalog();

  await client.delete(deployments, { namespace, name: 'asking' });
  await world.gone(serviceInstances, requestedFor(namespace, 'asking', 'cache').instance);
  await world.remove(serviceBindings, 'db');
  await world.gone(serviceBindings, 'db');
  for (const name of ['db', 'own']) await world.remove(serviceInstances, name);
  for (const name of ['db', 'own']) await world.gone(serviceInstances, name);
  await world.remove(serviceBrokers, 'own');
  await world.gone(serviceBrokers, 'own');
  for (const name of ['test', 'with-ca']) await client.delete(clusterServiceBrokers, { name });
  for (const name of ['test', 'with-ca']) await world.gone(clusterServiceBrokers, name);
  // A line is written after its answer: the last write of the story may not be there yet.
  await waitFor(async () => {
    const lines = await auditOf('controller');
    return lines.some(
      ({ verb, objectRef }) => verb === 'patch' && objectRef?.resource === 'clusterservicebrokers',
    );
  }, patience);
}

interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

async function auditOf(role: Role): Promise<readonly AuditLine[]> {
  const lines = (await readFile(auditLog, 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ user }) => user.username === accountOf(role));
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Grant {
  readonly text: string;
  readonly covers: (line: AuditLine) => boolean;
}

/** Each right of the roles in the file on its own, as `verb resource.group/subresource namespace/name`. */
async function grantsOf(file: string): Promise<readonly Grant[]> {
  const objects = (await objectsIn(file)) as (KubeObject & { readonly rules?: readonly Rule[] })[];
  return objects.flatMap(({ kind, metadata: { namespace }, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((path) =>
          resourceNames.flatMap((name) =>
            verbs.map((verb) =>
              grant({ verb, group, path, name, namespace: kind === 'Role' ? namespace : undefined }),
            ),
          ),
        ),
      ),
    ),
  );
}

interface Right {
  readonly verb: string;
  readonly group: string;
  /** With the subresource. */
  readonly path: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

function grant({ verb, group, path, name, namespace }: Right): Grant {
  const [resource = '', subresource] = path.split('/');
  const what = [group === '' ? resource : `${resource}.${group}`, ...(subresource ? [subresource] : [])];
  const where = [namespace, name].filter((part) => part !== undefined).join('/');
  return {
    text: `${verb} ${what.join('/')} ${where}`.trim(),
    covers: ({ verb: used, objectRef }) =>
      used === verb &&
      objectRef?.resource === resource &&
      objectRef.subresource === subresource &&
      (objectRef.apiGroup ?? '') === group &&
      (name === undefined || objectRef.name === name) &&
      (namespace === undefined || objectRef.namespace === namespace),
  };
}

const describeLine = ({ verb, requestURI, responseStatus }: AuditLine): string =>
  `${verb} ${requestURI} ${responseStatus?.code}`;

it('both roles do all their work with the rights that are shipped, and use what they are granted', async () => {
  await story();
  const unused: string[] = [];
  for (const role of ['controller', 'webhook'] as const) {
    const lines = await auditOf(role);
    const grants = await grantsOf(`deploy/rbac/${role}.yaml`);
    expect(lines.filter(({ responseStatus }) => responseStatus?.code === 403).map(describeLine)).toEqual([]);
    // Not by a right that all have, such as to read the catalog.
    const foreign = lines.filter((line) => line.objectRef && !grants.some(({ covers }) => covers(line)));
    expect(foreign.map(describeLine)).toEqual([]);
    unused.push(...grants.filter(({ covers }) => !lines.some(covers)).map(({ text }) => `${role}: ${text}`));
  }
  const withReason = new Set(Object.values(reserved).flat());
  expect(unused.filter((text) => !withReason.has(text.replace(/^\w+: /, '')))).toEqual([]);
}, 240_000);

it('no reason is given for a right that is not granted', async () => {
  const grants = (
    await Promise.all(['controller', 'webhook'].map((role) => grantsOf(`deploy/rbac/${role}.yaml`)))
  ).flat();
  const granted = new Set(grants.map(({ text }) => text));
  expect(
    Object.values(reserved)
      .flat()
      .filter((text) => !granted.has(text)),
  ).toEqual([]);
});
