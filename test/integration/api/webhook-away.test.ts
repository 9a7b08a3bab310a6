import { join } from 'node:path';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  create,
  expectAnswer,
  expectDone,
  root,
  tryCreate,
  tryPatch,
  type Manifest,
} from './catalog-cluster.ts';
import { objectsIn, startPrivateCluster } from './private-cluster.ts';

interface WebhookConfiguration extends Manifest {
  readonly webhooks: readonly { readonly clientConfig: { readonly service: { readonly path: string } } }[];
}

let plane: ControlPlane;
let client: KubeClient;

/** The configurations as they are shipped, and nobody at the webhook's address. */
beforeAll(async () => {
  plane = await startPrivateCluster();
  client = await connect(plane.kubeconfig);
  await expectDone(plane, 'create', 'namespace', 'team');
  for (const [kind, { spec }] of kinds) {
    const annotated = { metadata: place(kind, 'old'), kind, spec };
    expectAnswer(await create(client, complete(annotated)), undefined);
    expectAnswer(await create(client, complete({ ...annotated, metadata: place(kind, 'going') })), undefined);
  }
  await expectDone(plane, 'apply', '-f', join(root, 'webhook-config/policies.yaml'));
  const [configuration] = (await objectsIn('webhook-config/mutating.yaml')) as [WebhookConfiguration];
  const webhooks = configuration.webhooks.map((webhook) => ({
    ...webhook,
    timeoutSeconds: 1,
    clientConfig: { url: `https://127.0.0.1:1${webhook.clientConfig.service.path}` },
  }));
  expectAnswer(await create(client, { ...configuration, webhooks } as Manifest), undefined);
  await waitFor(async () => !(await tryCreate(client, made('ServiceInstance'))).accepted, {
    describe: 'the webhook is asked',
  });
  const asking = { ...podOf('asking'), metadata: { ...podOf('asking').metadata, annotations: asks } };
  await waitFor(async () => !(await tryCreate(client, asking)).accepted, { describe: 'for Pods, too' });
}, 90_000);

afterAll(async () => {
  await client?.close();
  await plane?.stop();
});

const url = 'https://broker.example.com';
const classOf = { externalName: 'c', externalID: 'i' };
const away = 'failed calling webhook';
const asks = { 'bind.servicecatalog.k8s.io/db': 'binding/orders' };

interface Row {
  readonly spec: object;
  readonly change: object;
  /** Words of the refusal of a new one, and of a change of the spec. */
  readonly refused?: string;
}

const kinds: readonly (readonly [kind: string, row: Row])[] = [
  ['ClusterServiceBroker', { spec: { url }, change: { relistBehavior: 'Manual' } }],
  ['ServiceBroker', { spec: { url }, change: { relistBehavior: 'Manual' } }],
  [
    'ClusterServiceClass',
    { spec: { ...classOf, clusterServiceBrokerName: 'b' }, change: { description: 'other' } },
  ],
  ['ServiceClass', { spec: { ...classOf, serviceBrokerName: 'b' }, change: { description: 'other' } }],
  [
    'ClusterServicePlan',
    {
      spec: { ...classOf, clusterServiceBrokerName: 'b', clusterServiceClassRef: { name: 'c' } },
      change: { description: 'other' },
    },
  ],
  [
    'ServicePlan',
    {
      spec: { ...classOf, serviceBrokerName: 'b', serviceClassRef: { name: 'c' } },
      change: { description: 'other' },
    },
  ],
  // Nobody would know who asked, nor whether they may read the Secrets of its parameters.
  [
    'ServiceInstance',
    { spec: { clusterServiceClassName: 'c' }, change: { parameters: { a: 1 } }, refused: away },
  ],
  ['ServiceBinding', { spec: { instanceRef: { name: 'i' } }, change: { secretName: 's' }, refused: away }],
];

function place(kind: string, name: string): Readonly<Record<string, unknown>> {
  return kind.startsWith('Cluster') ? { name } : { name, namespace: 'team' };
}

function complete(object: Manifest): Manifest {
  return { apiVersion: 'servicecatalog.k8s.io/v1beta1', ...object };
}

function made(kind: string, name = 'new'): Manifest {
  const spec = kinds.find(([one]) => one === kind)?.[1].spec;
  return complete({ kind, metadata: place(kind, name), spec });
}

function podOf(name: string): Manifest & { readonly metadata: object } {
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'team' }, spec };
}

describe.each(kinds)('while the webhook is away, a %s', (kind, { change, refused }) => {
  const patching = (patch: object, subresource?: 'status') =>
    tryPatch(client, { kind, name: 'old', namespace: 'team', patch, ...(subresource && { subresource }) });

  it(`is ${refused === undefined ? 'made' : 'refused'}`, async () => {
    expectAnswer(await tryCreate(client, made(kind)), refused);
  });

  it(`${refused === undefined ? 'can' : 'can not'} be changed`, async () => {
    expectAnswer(await patching({ spec: change }), refused);
  });

  it('can be labelled and annotated, have its status written, and lose its finalizers', async () => {
    expectAnswer(await patching({ metadata: { labels: { a: 'b' }, annotations: { a: 'b' } } }), undefined);
    expectAnswer(await patching({ metadata: { finalizers: ['example.com/x'] } }), undefined);
    expectAnswer(await patching({ metadata: { finalizers: null } }), undefined);
    expectAnswer(await patching({ status: { conditions: [] } }, 'status'), undefined);
  });

  it('can be deleted', async () => {
    const namespace = kind.startsWith('Cluster') ? [] : ['-n', 'team'];
    await expectDone(plane, 'delete', `${kind.toLowerCase()}.servicecatalog.k8s.io`, 'going', ...namespace);
  });
});

describe('while the webhook is away', () => {
  it.each([
    ['a broker with another url that is none', 'ServiceBroker', { url: 'x' }, 'spec.url'],
    ['a broker without its counter', 'ServiceBroker', { relistRequests: -1 }, 'relistRequests'],
    [
      'a broker that is verified and is not',
      'ClusterServiceBroker',
      { caBundle: 'YQ==', insecureSkipTLSVerify: true },
      'caBundle cannot be used when insecureSkipTLSVerify is true',
    ],
    [
      'a restriction of something that is none',
      'ServiceBroker',
      { catalogRestrictions: { serviceClass: ['spec.tags=x'] } },
      'must be a label selector over name',
    ],
    ['another id of a plan', 'ClusterServicePlan', { externalID: 'x' }, 'externalID cannot change'],
    ['another broker of a class', 'ServiceClass', { serviceBrokerName: 'x' }, 'can not be changed'],
  ])('%s is refused by the API server itself', async (_what, kind, spec, message) => {
    expectAnswer(await tryPatch(client, { kind, name: 'old', namespace: 'team', patch: { spec } }), message);
  });

  it('what is misspelt about who may have a plan is refused', async () => {
    const annotations = { 'servicecatalog.k8s.io/namespaces': 'team in' };
    const patch = { metadata: { annotations } };
    const change = { kind: 'ClusterServicePlan', name: 'old', namespace: '', patch };
    expectAnswer(await tryPatch(client, change), 'must be a label selector of namespaces');
  });

  it.each([
    ['that asks for nothing starts', {}, undefined],
    ['that asks is refused, or it would start without its credentials', asks, away],
  ])('a Pod %s', async (_what, annotations, refused) => {
    const pod = podOf('p');
    expectAnswer(await tryCreate(client, { ...pod, metadata: { ...pod.metadata, annotations } }), refused);
  });
});
