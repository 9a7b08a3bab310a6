import { join } from 'node:path';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  expectAnswer,
  expectDone,
  root,
  tryCreate,
  type Answer,
  type Manifest,
} from './catalog-cluster.ts';
import { startPrivateCluster } from './private-cluster.ts';

const v1beta1 = 'servicecatalog.k8s.io/v1beta1';

let plane: ControlPlane;
let administrator: KubeClient;

beforeAll(async () => {
  plane = await startPrivateCluster();
  await expectDone(plane, 'create', 'namespace', 'team');
  administrator = await connect(plane.kubeconfig);
  await expectDone(plane, 'apply', '-f', join(root, 'webhook-config/policies.yaml'));
}, 90_000);

afterAll(async () => {
  await administrator?.close();
  await plane?.stop();
});

/** What is applied takes effect in the API server a moment later. */
async function refused(ask: () => Promise<Answer>, message: string): Promise<void> {
  await waitFor(async () => {
    const answer = await ask();
    return !answer.accepted && answer.message.includes(message);
  });
}

describe('a deletion policy', () => {
  const key = 'servicecatalog.k8s.io/deletion-policy';
  const instance = (annotations: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: v1beta1,
    kind: 'ServiceInstance',
    metadata: { name: 'db', namespace: 'team', annotations },
    spec: { clusterServiceClassExternalName: 'c', clusterServicePlanExternalName: 'p' },
  });

  it.each([
    [{ [key]: 'retian' }, 'did you mean "retain"?'],
    [{ [key]: '' }, 'did you mean "retain"?'],
    [{ [key]: 'Retain' }, 'did you mean "retain"?'],
    [{ [key]: 'deleet' }, 'did you mean "delete"?'],
    [{ 'servicecatalog.k8s.io/release-to': 'team-b/db' }, 'is no name of a namespace'],
    [{ 'servicecatalog.k8s.io/release-to': 'team-b', [key]: 'delete' }, 'leave one of them out'],
    [{ 'servicecatalog.k8s.io/deletion-polcy': 'retain' }, `did you mean "${key}"?`],
    [{ 'servicecatalog.k8s.io/deltion-policy': 'retain' }, `did you mean "${key}"?`],
  ])('%j is refused with the nearest word', async (annotations, hint) => {
    await refused(() => tryCreate(administrator, instance(annotations)), hint);
  });

  it.each([
    { [key]: 'retain' },
    { [key]: 'delete' },
    { [key]: 'retain', 'servicecatalog.k8s.io/release-to': 'team-b' },
    { 'servicecatalog.k8s.io/orphan-mitigation': 'disabled' },
    {},
  ])('%j is stored', async (annotations) => {
    expectAnswer(await tryCreate(administrator, instance(annotations)), undefined);
  });
});

describe('what an administrator says of a class or plan', () => {
  const key = 'servicecatalog.k8s.io/namespaces';
  const most = 'servicecatalog.k8s.io/max-per-namespace';
  const plan = (annotations: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: v1beta1,
    kind: 'ClusterServicePlan',
    metadata: { name: 'p', annotations },
    spec: {
      externalName: 'p',
      externalID: 'p',
      clusterServiceBrokerName: 'b',
      clusterServiceClassRef: { name: 'c' },
    },
  });

  it.each<readonly [Readonly<Record<string, string>>, string]>([
    ...[
      '',
      ' ',
      'team in (a',
      'team=a=b',
      'a,,b',
      'team in a',
      '-a',
      'a b',
      '!',
      `a=${'x'.repeat(4096)}`,
    ].map((text) => [{ [key]: text }, 'must be a label selector of namespaces'] as const),
    ...['', '-1', '2.5', 'two', ' 1', '1234567'].map(
      (text) => [{ [most]: text }, 'must be a number of instances'] as const,
    ),
    [{ 'servicecatalog.k8s.io/namespace': 'a=b' }, `did you mean "${key}"?`],
    [{ 'servicecatalog.k8s.io/allowed-namespaces': 'a=b' }, `did you mean "${key}"?`],
    [{ 'servicecatalog.k8s.io/max-per-namepsace': '3' }, `did you mean "${most}"?`],
  ])('%j is refused with what it should be', async (annotations, hint) => {
    await refused(() => tryCreate(administrator, plan(annotations)), hint);
  });

  it.each<Readonly<Record<string, string>>>([
    ...[
      'team',
      '!team',
      'team = a , example.com/stage != test',
      'team==a,tier in (gold, silver),x notin (y)',
      'kubernetes.io/metadata.name in (shop)',
    ].map((text) => ({ [key]: text })),
    { [most]: '0' },
    { [most]: '12', [key]: 'a' },
    { 'example.com/owner': 'me' },
  ])('%j is stored', async (annotations) => {
    expectAnswer(await tryCreate(administrator, plan(annotations)), undefined);
  });
});

describe('a pause', () => {
  const key = 'servicecatalog.k8s.io/paused';
  const of = (annotations: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: v1beta1,
    kind: 'ServiceBinding',
    metadata: { name: 'login', namespace: 'team', annotations },
    spec: { instanceRef: { name: 'db' } },
  });

  it.each([
    [{ [key]: 'yes' }, '"true" has nothing sent to the broker'],
    [{ [key]: '' }, '"true" has nothing sent to the broker'],
    [{ [key]: 'True' }, '"true" has nothing sent to the broker'],
    [{ 'servicecatalog.k8s.io/pause': 'true' }, `did you mean "${key}"?`],
    [{ 'servicecatalog.k8s.io/suspended': 'true' }, `did you mean "${key}"?`],
  ])('%j is refused', async (annotations, hint) => {
    await refused(() => tryCreate(administrator, of(annotations)), hint);
  });

  it.each([{ [key]: 'true' }, { [key]: 'false' }, {}])('%j is stored', async (annotations) => {
    expectAnswer(await tryCreate(administrator, of(annotations)), undefined);
  });
});

describe('whether an instance adopts its service', () => {
  const key = 'servicecatalog.k8s.io/adopt';
  const object = (kind: string, annotations: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: v1beta1,
    kind,
    metadata: { name: 'adopted', namespace: 'team', annotations },
    spec: {
      externalID: 'some-id',
      ...(kind === 'ServiceBinding'
        ? { instanceRef: { name: 'db' } }
        : { clusterServiceClassExternalName: 'c', clusterServicePlanExternalName: 'p' }),
    },
  });

  it.each([
    ['ServiceInstance', { [key]: 'ture' }, 'did you mean "true"?'],
    ['ServiceInstance', { [key]: '' }, 'did you mean "true"?'],
    ['ServiceBinding', { [key]: 'True' }, 'did you mean "true"?'],
    ['ServiceInstance', { 'servicecatalog.k8s.io/adopted': 'true' }, `did you mean "${key}"?`],
    ['ServiceInstance', { 'servicecatalog.k8s.io/adpot': 'true' }, `did you mean "${key}"?`],
  ])('%s with %j is refused with the nearest word', async (kind, annotations, hint) => {
    await refused(() => tryCreate(administrator, object(kind, annotations)), hint);
  });

  it.each([
    ['ServiceInstance', { [key]: 'true' }],
    ['ServiceInstance', { [key]: 'false' }],
    ['ServiceBinding', { [key]: 'true' }],
  ])('%s with %j is stored', async (kind, annotations) => {
    expectAnswer(await tryCreate(administrator, object(kind, annotations)), undefined);
  });
});

describe('a key of ours', () => {
  const object = (kind: string, annotations: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: v1beta1,
    kind,
    metadata: {
      name: 'keys',
      ...(kind === 'ClusterServiceBroker' ? {} : { namespace: 'team' }),
      annotations,
    },
    spec: {
      ServiceInstance: { clusterServiceClassExternalName: 'c', clusterServicePlanExternalName: 'p' },
      ServiceBinding: { instanceRef: { name: 'db' } },
      ClusterServiceBroker: { url: 'https://broker.example.com' },
    }[kind],
  });
  const ours = (name: string): string => `servicecatalog.k8s.io/${name}`;

  it.each([
    ['ServiceInstance', 'release-too', 'release-to'],
    ['ServiceInstance', 'releaseTo', 'release-to'],
    ['ServiceInstance', 'Deletion-Policy', 'deletion-policy'],
    ['ServiceInstance', 'deletionProtection', 'deletion-protection'],
    ['ServiceInstance', 'Paused', 'paused'],
    ['ServiceInstance', 'recalim', 'reclaim'],
    ['ServiceInstance', 'keep', undefined],
    ['ServiceInstance', 'reclaim-policy', 'deletion-policy'],
    ['ServiceInstance', 'orphan_mitigation', 'orphan-mitigation'],
    ['ServiceInstance', 'follow-parameter', 'follow-parameters'],
    ['ServiceBinding', 'DELETION-PROTECTION', 'deletion-protection'],
    ['ServiceBinding', 'renews', 'renew'],
    ['ServiceBinding', 'purged', 'purge'],
    ['ServiceBinding', 'instance-namespace', undefined],
    ['ClusterServiceBroker', 'orphan-mitigations', 'orphan-mitigation'],
    ['ClusterServiceBroker', 'ca-configmaps', undefined],
  ])('that %s does not know, "%s", is refused with the nearest one, %s', async (kind, name, nearest) => {
    const hint = nearest === undefined ? 'docs/reference/annotations.md' : `did you mean "${ours(nearest)}"?`;
    await refused(
      () => tryCreate(administrator, object(kind, { [ours(name)]: 'true' })),
      `annotation "${ours(name)}" means nothing: ${hint}`,
    );
  });

  it.each(['paused', 'deletion-protection', 'deletion-policy'])(
    'that is for instances and bindings is refused on a broker: %s',
    async (name) => {
      await refused(
        () => tryCreate(administrator, object('ClusterServiceBroker', { [ours(name)]: 'true' })),
        `annotation "${ours(name)}" has no effect on a broker: write it on instances or bindings`,
      );
    },
  );

  it.each([
    ['ServiceInstance', ours('reclaim'), 'keep'],
    ['ServiceInstance', ours('sync-requested-at'), '1'],
    ['ServiceBinding', ours('renew'), 'never'],
    ['ServiceBinding', 'example.com/release-too', 'x'],
    ['ClusterServiceBroker', ours('osb-api-version'), '2.14'],
    ['ClusterServiceBroker', ours('orphan-mitigation'), 'disabled'],
  ])('that %s knows is stored: %s', async (kind, key, value) => {
    expectAnswer(await tryCreate(administrator, object(kind, { [key]: value })), undefined);
  });
});
