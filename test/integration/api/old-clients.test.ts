import { randomUUID } from 'node:crypto';
import type { KubeClient } from '../../../src/kube/client.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import {
  connect,
  create,
  installDefinitions,
  manifest,
  remove,
  replace,
  tryCreate,
  type Manifest,
} from './catalog-cluster.ts';

/** What svcat v0.3.1 sends: zero values, nulls and a status, as Go writes its types. */
const zeroInstanceStatus = {
  conditions: null,
  asyncOpInProgress: false,
  orphanMitigationInProgress: false,
  reconciledGeneration: 0,
  observedGeneration: 0,
  provisionStatus: '',
  deprovisionStatus: '',
};
const zeroBindingStatus = {
  conditions: null,
  asyncOpInProgress: false,
  reconciledGeneration: 0,
  orphanMitigationInProgress: false,
  unbindStatus: '',
};
const zeroBrokerStatus = { conditions: null, reconciledGeneration: 0 };
const metadata = { creationTimestamp: null };
const instance = { parameters: {}, externalID: '', updateRequests: 0 };
const broker = { relistBehavior: '', relistRequests: 0, catalogRestrictions: {} };
const class_ = {
  externalName: 'copy',
  externalID: '4f6e6cf6-ffdd-425f-a2c7-3c9258ad2468',
  description: 'A copy',
  bindable: true,
  bindingRetrievable: false,
  planUpdatable: false,
};

const bodies: readonly (readonly [string, Manifest])[] = [
  [
    'provision of a cluster class',
    {
      kind: 'ServiceInstance',
      metadata,
      spec: { ...instance, clusterServiceClassName: 'class', clusterServicePlanName: 'plan' },
      status: zeroInstanceStatus,
    },
  ],
  [
    'provision of a class of the namespace',
    {
      kind: 'ServiceInstance',
      metadata,
      spec: { ...instance, serviceClassName: 'class', servicePlanName: 'plan' },
      status: zeroInstanceStatus,
    },
  ],
  [
    'provision with a Secret',
    {
      kind: 'ServiceInstance',
      metadata,
      spec: {
        ...instance,
        clusterServiceClassName: 'class',
        clusterServicePlanName: 'plan',
        parametersFrom: [{ secretKeyRef: { name: 'sec', key: 'key' } }],
      },
      status: zeroInstanceStatus,
    },
  ],
  [
    'bind',
    {
      kind: 'ServiceBinding',
      metadata,
      spec: { instanceRef: { name: 'i1' }, parameters: {}, externalID: '' },
      status: zeroBindingStatus,
    },
  ],
  [
    'bind with a Secret name',
    {
      kind: 'ServiceBinding',
      metadata,
      spec: { instanceRef: { name: 'i1' }, parameters: {}, secretName: 'sec', externalID: '' },
      status: zeroBindingStatus,
    },
  ],
  [
    'a typed client with transforms',
    {
      kind: 'ServiceBinding',
      metadata,
      spec: {
        instanceRef: { name: 'i1' },
        externalID: '',
        secretTransforms: [{ addKey: { key: 'k', value: null, stringValue: 'v', jsonPathExpression: null } }],
      },
      status: zeroBindingStatus,
    },
  ],
  [
    'register',
    {
      kind: 'ServiceBroker',
      metadata,
      spec: { ...broker, url: 'http://broker.example.com' },
      status: zeroBrokerStatus,
    },
  ],
  [
    'register of a cluster broker with everything',
    {
      kind: 'ClusterServiceBroker',
      metadata,
      spec: {
        ...broker,
        url: 'https://broker.example.com/',
        relistBehavior: 'Duration',
        relistDuration: '15m0s',
        caBundle: 'LS0tLS1CRUdJTg==',
        authInfo: { basic: { secretRef: { namespace: 'default', name: 'sec' } } },
        catalogRestrictions: {
          serviceClass: ['spec.externalName in (mysql, postgresql)'],
          servicePlan: ['spec.free=true', 'name!=x'],
        },
      },
      status: zeroBrokerStatus,
    },
  ],
  [
    'create class from a cluster class',
    {
      kind: 'ClusterServiceClass',
      metadata,
      spec: { ...class_, clusterServiceBrokerName: 'broker' },
      status: { removedFromBrokerCatalog: false },
    },
  ],
  [
    'create class from a class of the namespace',
    {
      kind: 'ServiceClass',
      metadata,
      spec: { ...class_, serviceBrokerName: 'broker' },
      status: { removedFromBrokerCatalog: false },
    },
  ],
];

let client: KubeClient;
let namespace = '';

beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = await connect(cluster.kubeconfig);
  namespace = await freshNamespace('old-clients');
  await installDefinitions(cluster);
}, 60_000);

afterAll(async () => client.close());

function bodyOf(command: string): Manifest {
  const [, body] = bodies.find(([name]) => name === command) ?? [];
  if (body === undefined) throw new Error(`no body of ${command}`);
  return body;
}

describe('an unmodified client of the original service catalog', () => {
  it.each(bodies)('can create with the body of %s', async (_command, body) => {
    expect(await tryCreate(client, manifest(body, namespace))).toMatchObject({
      accepted: true,
      object: { status: { observedGeneration: -1 } },
    });
  });

  it.each(bodies)('can write back what it read after %s', async (_command, body) => {
    const created = await create(client, manifest(body, namespace, `o-${randomUUID()}`));
    if (!created.accepted) throw new Error(created.message);
    const metadata = { ...created.object.metadata, finalizers: [] };
    const answer = await replace(client, { ...created.object, metadata });
    await remove(client, created.object);
    expect(answer).toMatchObject({ accepted: true });
  });

  it.each([
    ['provision of a cluster class', 'updateRequests'],
    ['register', 'relistRequests'],
  ])('can raise, after %s, %s', async (command, counter) => {
    const created = await create(client, manifest(bodyOf(command), namespace, `o-${randomUUID()}`));
    if (!created.accepted) throw new Error(created.message);
    const next = { ...created.object, spec: { ...created.object.spec, [counter]: 1 } };
    expect(await replace(client, next)).toMatchObject({ accepted: true, object: { spec: { [counter]: 1 } } });
  });

  it('finds its nulls gone, so that nobody has to expect them', async () => {
    const created = await tryCreate(client, manifest(bodyOf('provision of a cluster class'), namespace));
    expect(created).toMatchObject({ accepted: true });
    expect(JSON.stringify(created)).not.toContain('null');
  });
});
