import { randomUUID } from 'node:crypto';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { create, installDefinitions, manifest, type CatalogObject } from './catalog-cluster.ts';

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

const bodies: readonly (readonly [string, CatalogObject])[] = [
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

let cluster: ClusterAccess;
let namespace = '';

beforeAll(async () => {
  cluster = await sharedControlPlane();
  namespace = await freshNamespace('old-clients');
  await installDefinitions(cluster);
}, 60_000);

describe('an unmodified client of the original service catalog', () => {
  it.each(bodies)('can create with the body of %s', async (_command, body) => {
    expect(await create(cluster, manifest(body, namespace))).toMatchObject({
      accepted: true,
      object: { status: { observedGeneration: -1 } },
    });
  });

  it.each(bodies)('can write back what it read after %s', async (_command, body) => {
    const name = `o-${randomUUID()}`;
    const created = await create(cluster, manifest(body, namespace, name), []);
    if (!created.accepted) throw new Error(created.message);
    const read = { ...created.object, metadata: { ...created.object.metadata, finalizers: [] } };
    const written = await cluster.kubectl(['replace', '-f', '-'], JSON.stringify(read));
    expect(written).toMatchObject({ code: 0 });
    const { kind } = created.object as unknown as { kind: string };
    await cluster.kubectl(['delete', kind, name, '-n', namespace, '--wait=false']);
  });

  it('can raise updateRequests and relistRequests', async () => {
    const name = `o-${randomUUID()}`;
    for (const [body, counter] of [
      [bodies[0]?.[1], 'updateRequests'],
      [bodies[6]?.[1], 'relistRequests'],
    ] as const) {
      if (body === undefined) throw new Error('no body');
      const created = await create(cluster, manifest(body, namespace, name), []);
      if (!created.accepted) throw new Error(created.message);
      const next = { ...created.object, spec: { ...created.object.spec, [counter]: 1 } };
      expect(await cluster.kubectl(['replace', '-f', '-'], JSON.stringify(next))).toMatchObject({ code: 0 });
    }
  });

  it('finds its nulls gone, so that nobody has to expect them', async () => {
    const created = await create(cluster, manifest(bodies[0]?.[1] ?? { kind: '' }, namespace));
    expect(JSON.stringify(created)).not.toContain('null');
  });
});
