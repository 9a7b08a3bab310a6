import { randomUUID } from 'node:crypto';
import type { KubeClient } from '../../../src/kube/client.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { goSpec } from '../../support/go-client.ts';
import {
  connect,
  create,
  expectAnswer,
  installDefinitions,
  manifest,
  replace,
  type Answer,
  type StoredObject,
} from './catalog-cluster.ts';

let client: KubeClient;
let namespace = '';

beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = await connect(cluster.kubeconfig);
  namespace = await freshNamespace('typed-clients');
  await installDefinitions(cluster);
}, 60_000);

afterAll(async () => client.close());

const basic = { basic: { secretRef: { name: 's' } } };
const restrictions = { serviceClass: ['name=x'], servicePlan: ['spec.free=true'] };
const offering = { externalName: 'n', externalID: 'id', description: 'd' };
const blobs = { externalMetadata: { a: null, b: {} }, defaultProvisionParameters: { a: null } };
const schemas = {
  instanceCreateParameterSchema: { type: 'object' },
  instanceUpdateParameterSchema: { type: 'object' },
  serviceBindingCreateParameterSchema: { type: 'object' },
};
const asked = {
  parameters: { a: null, b: '', c: {} },
  parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
  externalID: 'id',
  userInfo: { username: 'u', uid: '', groups: ['g'], extra: { scope: ['x'] } },
};
const broker = {
  url: 'http://b.example.com',
  caBundle: 'LS0tLS1CRUdJTg==',
  relistBehavior: 'Manual',
  relistDuration: '15m0s',
  relistRequests: 2,
  catalogRestrictions: restrictions,
};
const serviceClass = {
  ...offering,
  ...blobs,
  bindable: true,
  bindingRetrievable: true,
  planUpdatable: true,
  tags: ['t'],
  requires: ['r'],
};
const plan = { ...offering, ...blobs, ...schemas, free: true, bindable: false };

/** Of every kind: an object with nothing but what must be there, and one with everything. */
const specs: readonly (readonly [kind: string, what: string, spec: object])[] = [
  ['ClusterServiceBroker', 'no optional field', { url: broker.url }],
  [
    'ClusterServiceBroker',
    'every field',
    { ...broker, authInfo: { basic: { secretRef: { namespace: 'n', name: 's' } } } },
  ],
  ['ServiceBroker', 'no optional field', { url: broker.url }],
  ['ServiceBroker', 'every field', { ...broker, authInfo: basic }],
  ['ServiceBroker', 'empty fields', { url: broker.url, catalogRestrictions: {}, caBundle: '' }],
  ['ClusterServiceClass', 'no optional field', { ...offering, clusterServiceBrokerName: 'b' }],
  ['ClusterServiceClass', 'every field', { ...serviceClass, clusterServiceBrokerName: 'b' }],
  ['ServiceClass', 'no optional field', { ...offering, serviceBrokerName: 'b' }],
  ['ServiceClass', 'every field', { ...serviceClass, serviceBrokerName: 'b' }],
  [
    'ClusterServicePlan',
    'no optional field',
    { ...offering, clusterServiceBrokerName: 'b', clusterServiceClassRef: { name: 'c' } },
  ],
  [
    'ClusterServicePlan',
    'every field',
    { ...plan, clusterServiceBrokerName: 'b', clusterServiceClassRef: { name: 'c' } },
  ],
  [
    'ServicePlan',
    'no optional field',
    { ...offering, serviceBrokerName: 'b', serviceClassRef: { name: 'c' } },
  ],
  ['ServicePlan', 'every field', { ...plan, serviceBrokerName: 'b', serviceClassRef: { name: 'c' } }],
  ['ServiceInstance', 'no optional field', { clusterServiceClassName: 'c' }],
  [
    'ServiceInstance',
    'every field',
    {
      ...asked,
      clusterServiceClassExternalName: 'c',
      clusterServicePlanExternalName: 'p',
      clusterServiceClassRef: { name: 'c' },
      clusterServicePlanRef: { name: 'p' },
      updateRequests: 2,
    },
  ],
  [
    'ServiceInstance',
    'every field of a namespace',
    {
      serviceClassExternalID: 'c',
      servicePlanExternalID: 'p',
      serviceClassRef: { name: 'c' },
      servicePlanRef: { name: 'p' },
    },
  ],
  ['ServiceInstance', 'empty fields', { clusterServiceClassName: 'c', parameters: {}, parametersFrom: [] }],
  ['ServiceBinding', 'no optional field', { instanceRef: { name: 'i' } }],
  [
    'ServiceBinding',
    'every field',
    {
      ...asked,
      instanceRef: { name: 'i' },
      secretName: 's',
      secretTransforms: [
        { renameKey: { from: 'a', to: 'b' } },
        { addKey: { key: 'a', value: 'YQ==' } },
        { addKey: { key: 'b', stringValue: '' } },
        { addKey: { key: 'c', jsonPathExpression: '{.a}' } },
        { addKeysFrom: { secretRef: { namespace: 'n', name: 's' } } },
        { removeKey: { key: 'a' } },
      ],
    },
  ],
  [
    'ServiceBinding',
    'empty fields',
    {
      instanceRef: { name: 'i' },
      parameters: {},
      parametersFrom: [],
      secretTransforms: [],
      secretName: '',
      externalID: '',
      userInfo: {},
    },
  ],
  ['PodPreset', 'no optional field', {}],
  [
    'PodPreset',
    'every field',
    {
      selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      env: [{ name: 'A', value: 'b' }],
      envFrom: [{ secretRef: { name: 's' } }],
      volumes: [{ name: 'v', emptyDir: {} }],
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    },
  ],
];

const finalizers = ['kubernetes-incubator/service-catalog'];

async function stored(kind: string, spec: object): Promise<StoredObject> {
  const name = `o-${randomUUID()}`;
  const answer = await create(client, manifest({ kind, spec, metadata: { finalizers } }, namespace, name));
  if (!answer.accepted) throw new Error(answer.message);
  return answer.object;
}

function rewritten(object: StoredObject, spec: object, metadata: object = {}): StoredObject {
  return {
    ...object,
    metadata: { ...object.metadata, ...metadata },
    spec: spec as StoredObject['spec'],
  };
}

function expectStored(answer: Answer): StoredObject {
  expectAnswer(answer, undefined);
  if (!answer.accepted) throw new Error(answer.message);
  return answer.object;
}

describe.each(['original', 'all-zeros'] as const)('a client written in Go, tags: %s', (tags) => {
  it.each(specs)('can write a %s with %s back, labels and finalizers changed', async (kind, _what, spec) => {
    const object = await stored(kind, spec);
    const written = goSpec(kind, object.spec, tags);
    const labelled = await replace(client, rewritten(object, written, { labels: { a: 'b' } }));
    const released = rewritten(expectStored(labelled), written, { finalizers: [] });
    expectStored(await replace(client, released));
  });

  it.each(specs)('can make a %s with %s that others write without its zeros', async (kind, _what, spec) => {
    const object = await stored(kind, goSpec(kind, spec, tags));
    expectStored(await replace(client, rewritten(object, spec, { finalizers: [] })));
  });
});

/** As the admission webhook completes them. */
const complete: Readonly<Record<string, object>> = {
  ClusterServiceBroker: { relistBehavior: 'Manual' },
  ServiceBroker: { relistBehavior: 'Manual' },
  ServiceInstance: { externalID: 'id' },
  ServiceBinding: { externalID: 'id' },
};
const completed = specs
  .filter(([kind, what]) => complete[kind] !== undefined && what !== 'empty fields')
  .map(([kind, what, spec]) => [kind, what, { ...complete[kind], ...spec }] as const);

it.each(completed)('a client of the original changes nothing in a %s with %s', async (kind, _what, spec) => {
  const object = await stored(kind, spec);
  const { metadata, spec: written } = expectStored(
    await replace(client, rewritten(object, goSpec(kind, object.spec, 'original'), { finalizers: [] })),
  );
  expect(written).toEqual(object.spec);
  expect(metadata).toMatchObject({ generation: 1 });
});
