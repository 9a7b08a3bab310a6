import { join } from 'node:path';
import { controllerFieldManager } from '../../../src/api/group.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  create,
  expectDone,
  root,
  tryCreate,
  tryPatch,
  type Answer,
  type Change,
  type Manifest,
} from './catalog-cluster.ts';
import { objectsIn, startPrivateCluster } from './private-cluster.ts';

interface WebhookConfiguration extends Manifest {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: { readonly service: { readonly path: string } };
  }[];
}

const asks = { 'bind.servicecatalog.k8s.io/db': 'binding/orders' };
const pods = 'pods.bind.servicecatalog.k8s.io';
const selected = 'pods-selected.bind.servicecatalog.k8s.io';
const workloads = 'workloads.bind.servicecatalog.k8s.io';
const catalog = 'catalog.servicecatalog.k8s.io';
const items = 'items.servicecatalog.k8s.io';

let plane: ControlPlane;
let client: KubeClient;

/**
 * Nobody listens at the webhook's address and every entry fails closed, so a request is refused in the name of the
 * entry that matches it, and accepted when none does.
 */
beforeAll(async () => {
  plane = await startPrivateCluster();
  client = await connect(plane.kubeconfig);
  for (const object of existing) await expectStored(object);
  const [configuration] = (await objectsIn('webhook-config/mutating.yaml')) as [WebhookConfiguration];
  const webhooks = configuration.webhooks.map((webhook) => ({
    ...webhook,
    failurePolicy: 'Fail',
    timeoutSeconds: 1,
    clientConfig: { url: `https://127.0.0.1:1${webhook.clientConfig.service.path}` },
  }));
  await expectStored({ ...configuration, webhooks } as Manifest);
  const probe = workload('Deployment', 'probe', { metadata: asks });
  await waitFor(async () => !(await tryCreate(client, probe)).accepted);
}, 90_000);

afterAll(async () => {
  await client?.close();
  await plane?.stop();
});

async function expectStored(object: Manifest): Promise<void> {
  expect(await create(client, object)).toMatchObject({ accepted: true });
}

/** The entry that the API server called for this request; `undefined` when it called none. */
function entryOf(answer: Answer): string | undefined {
  if (answer.accepted) return undefined;
  const called = /failed calling webhook "([^"]+)"/.exec(answer.message)?.[1];
  if (called === undefined) throw new Error(answer.message);
  return called;
}

type Annotations = Readonly<Record<string, string>>;

function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

const podSpec = { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' };

function pod(metadata: object): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'team', ...metadata },
    spec: podSpec,
  };
}

interface Places {
  readonly metadata?: Annotations;
  readonly template?: Annotations;
  readonly namespace?: string;
}

function workload(kind: string, name: string, places: Places): Manifest {
  const labels = { app: name };
  const restartPolicy = kind === 'Job' || kind === 'CronJob' ? 'Never' : 'Always';
  const template = {
    metadata:
      kind === 'CronJob' && places.template === undefined
        ? undefined
        : { labels, annotations: places.template },
    spec: { ...podSpec, restartPolicy },
  };
  const selector = { matchLabels: labels };
  const specs: Readonly<Record<string, object>> = {
    Deployment: { replicas: 0, selector, template },
    ReplicaSet: { replicas: 0, selector, template },
    StatefulSet: { replicas: 0, serviceName: 's', selector, template },
    DaemonSet: { selector, template },
    Job: { suspend: true, template },
    CronJob: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: { template } } },
  };
  return {
    apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace: places.namespace ?? 'team', annotations: places.metadata },
    spec: specs[kind],
  };
}

const v1beta1 = 'servicecatalog.k8s.io/v1beta1';
const instance = {
  apiVersion: v1beta1,
  kind: 'ServiceInstance',
  metadata: { name: 'i', namespace: 'team', finalizers: ['kubernetes-incubator/service-catalog'] },
  spec: { clusterServiceClassExternalName: 'c', parameters: { a: { b: 1 } } },
};
const clusterBroker = {
  apiVersion: v1beta1,
  kind: 'ClusterServiceBroker',
  metadata: { name: 'b' },
  spec: { url: 'https://broker.example.com' },
};

const existing: readonly Manifest[] = [
  namespace('team'),
  namespace('presets', { 'servicecatalog.k8s.io/pod-presets': 'enabled' }),
  namespace('off', { 'inject.servicecatalog.k8s.io': 'disabled' }),
  workload('Deployment', 'annotated', { metadata: asks }),
  workload('Deployment', 'plain', {}),
  workload('Deployment', 'going', { metadata: asks }),
  workload('ReplicaSet', 'set', { metadata: asks }),
  instance,
  { ...instance, metadata: { ...instance.metadata, name: 'going' } },
  clusterBroker,
  {
    apiVersion: v1beta1,
    kind: 'ClusterServiceClass',
    metadata: { name: 'c' },
    spec: { externalName: 'c', externalID: 'i', clusterServiceBrokerName: 'b' },
  },
];

const preset = { namespace: 'presets' };

describe('a Pod', () => {
  it.each([
    ['that asks', { annotations: asks }, pods],
    ['that does not ask', {}, undefined],
    ['with other annotations', { annotations: { 'example.com/x': 'y' } }, undefined],
    [
      'with an option but no source',
      { annotations: { 'env.bind.servicecatalog.k8s.io/db': '*' } },
      undefined,
    ],
    [
      'that opts out by label',
      { annotations: asks, labels: { 'inject.servicecatalog.k8s.io': 'disabled' } },
      undefined,
    ],
    [
      'that opts in by label',
      { annotations: asks, labels: { 'inject.servicecatalog.k8s.io': 'enabled' } },
      pods,
    ],
    [
      'that opts out by annotation',
      { annotations: { ...asks, 'inject.servicecatalog.k8s.io': 'disabled' } },
      undefined,
    ],
    [
      'that opts out as from PodPreset',
      { annotations: { ...asks, 'podpreset.admission.kubernetes.io/exclude': 'true' } },
      undefined,
    ],
    ['in a namespace that opts out', { namespace: 'off', annotations: asks }, undefined],
    ['in kube-system', { namespace: 'kube-system', annotations: asks }, undefined],
    ['of Bindery', { namespace: 'bindery-system', annotations: asks }, undefined],
    ['where there are presets', preset, selected],
    ['that asks where there are presets', { ...preset, annotations: asks }, pods],
    [
      'that opts out of presets',
      { ...preset, labels: { 'inject.servicecatalog.k8s.io': 'disabled' } },
      undefined,
    ],
  ])('%s goes to the right entry', async (_what, metadata, entry) => {
    expect(entryOf(await tryCreate(client, pod(metadata)))).toBe(entry);
  });
});

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'];

describe.each(kinds)('a %s', (kind) => {
  it.each([
    ['with an annotation on itself', { metadata: asks }, workloads],
    ['with an annotation on its template', { template: asks }, workloads],
    ['with a misspelt annotation', { metadata: { 'bnd.servicecatalog.k8s.io/db': 'x' } }, workloads],
    ['without annotations', {}, undefined],
    ['with other annotations', { metadata: { a: 'b' }, template: { a: 'b' } }, undefined],
    ['in a namespace that opts out', { metadata: asks, namespace: 'off' }, undefined],
  ])('%s goes to the right entry', async (_what, places: Places, entry) => {
    const object = workload(kind, 'new', places);
    expect(entryOf(await tryCreate(client, object))).toBe(entry);
  });
});

describe('a change of a workload', () => {
  const deployment = (name: string, patch: unknown, subresource?: 'status' | 'scale'): Change => ({
    kind: 'Deployment',
    name,
    namespace: 'team',
    patch,
    ...(subresource === undefined ? {} : { subresource }),
  });

  it.each([
    ['that adds an annotation', deployment('plain', { metadata: { annotations: asks } }), workloads],
    ['that takes it away', deployment('annotated', { metadata: { annotations: null } }), workloads],
    ['that changes its spec', deployment('annotated', { spec: { paused: true } }), workloads],
    ['that changes a label only', deployment('annotated', { metadata: { labels: { a: 'b' } } }), undefined],
    [
      'that gives a ReplicaSet to another workload',
      { ...deployment('set', { metadata: { labels: { 'pod-template-hash': 'x' } } }), kind: 'ReplicaSet' },
      workloads,
    ],
    ['that changes nothing', deployment('annotated', {}), undefined],
    ['of its status', deployment('annotated', { status: { replicas: 0 } }, 'status'), undefined],
    ['without an annotation', deployment('plain', { spec: { paused: true } }), undefined],
    ['by scaling', deployment('annotated', { replicas: 2 }, 'scale'), undefined],
  ])('%s', async (_what, change, entry) => {
    expect(entryOf(await tryPatch(client, change))).toBe(entry);
  });

  it('that is being deleted does not wait for the webhook', async () => {
    const cascade = ['--cascade=foreground', '--timeout=20s'];
    await expectDone(plane, 'delete', 'deployment', 'going', '-n', 'team', ...cascade);
    expect((await plane.kubectl(['get', 'deployment', 'going', '-n', 'team'])).stderr).toContain('NotFound');
  });
});

describe('an object of our own kinds', () => {
  const change = (patch: unknown, subresource?: 'status'): Change => ({
    kind: 'ServiceInstance',
    name: 'i',
    namespace: 'team',
    patch,
    ...(subresource === undefined ? {} : { subresource }),
  });
  const move: Change = {
    kind: 'ClusterServiceBroker',
    name: 'b',
    namespace: '',
    patch: { spec: { url: 'http://other.example.com' } },
  };

  it.each([
    ['ServiceInstance', { clusterServiceClassName: 'c' }, catalog],
    ['ServiceBinding', { instanceRef: { name: 'i' } }, catalog],
    ['ServiceBroker', { url: 'https://broker.example.com' }, items],
    ['ClusterServiceBroker', { url: 'https://broker.example.com' }, items],
  ])('that is new goes to the webhook: %s', async (kind, spec, entry) => {
    const metadata = kind.startsWith('Cluster') ? { name: 'n' } : { name: 'n', namespace: 'team' };
    const object = { apiVersion: v1beta1, kind, metadata, spec };
    expect(entryOf(await tryCreate(client, object))).toBe(entry);
  });

  it.each([
    ['ClusterServiceClass', { externalName: 'c', externalID: 'i', clusterServiceBrokerName: 'b' }],
    [
      'ClusterServicePlan',
      {
        externalName: 'c',
        externalID: 'i',
        clusterServiceBrokerName: 'b',
        clusterServiceClassRef: { name: 'c' },
      },
    ],
    ['ServiceClass', { externalName: 'c', externalID: 'i', serviceBrokerName: 'b' }],
    [
      'ServicePlan',
      { externalName: 'c', externalID: 'i', serviceBrokerName: 'b', serviceClassRef: { name: 'c' } },
    ],
  ])('of the catalog goes there when people make it, not for the controller: %s', async (kind, spec) => {
    const metadata = kind.startsWith('Cluster') ? { name: 'n' } : { name: 'n', namespace: 'team' };
    const object = { apiVersion: v1beta1, kind, metadata, spec };
    expect(entryOf(await tryCreate(client, object))).toBe(items);
    expect(entryOf(await tryCreate(client, object, controllerFieldManager))).toBeUndefined();
  });

  it('of the catalog goes there when its spec changes, and not for its status or metadata', async () => {
    const class_ = (patch: unknown, subresource?: 'status'): Change => ({
      kind: 'ClusterServiceClass',
      name: 'c',
      namespace: '',
      patch,
      ...(subresource === undefined ? {} : { subresource }),
    });
    expect(entryOf(await tryPatch(client, class_({ spec: { externalName: 'other' } })))).toBe(items);
    expect(entryOf(await tryPatch(client, class_({ metadata: { labels: { a: 'b' } } })))).toBeUndefined();
    const status = { removedFromBrokerCatalog: true };
    expect(entryOf(await tryPatch(client, class_({ status }, 'status')))).toBeUndefined();
  });

  it.each([
    ['when parameters deep in its spec change', change({ spec: { parameters: { a: { b: 2 } } } }), catalog],
    ['when a broker moves', move, items],
    ['not when it is labelled', change({ metadata: { labels: { a: 'b' } } }), undefined],
    ['not when it is annotated', change({ metadata: { annotations: { a: 'b' } } }), undefined],
    ['not when its status changes', change({ status: { attempts: 1 } }, 'status'), undefined],
    ['not when its finalizer goes', change({ metadata: { finalizers: null } }), undefined],
  ])('goes there %s', async (_when, request, entry) => {
    expect(entryOf(await tryPatch(client, request))).toBe(entry);
  });

  it('can be deleted and released without the webhook', async () => {
    await expectDone(plane, 'delete', 'serviceinstance', 'going', '-n', 'team', '--wait=false');
    const release = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    await expectDone(plane, 'patch', 'serviceinstance', 'going', '-n', 'team', ...release);
    expect((await plane.kubectl(['get', 'serviceinstance', 'going', '-n', 'team'])).stderr).toContain(
      'NotFound',
    );
  });
});

describe('the configuration that is shipped', () => {
  it('is accepted as it is', async () => {
    await expectDone(plane, 'delete', 'mutatingwebhookconfiguration', 'bindery');
    const apply = [
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      join(root, 'webhook-config/mutating.yaml'),
    ];
    const { code, stderr } = await plane.kubectl(apply);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
