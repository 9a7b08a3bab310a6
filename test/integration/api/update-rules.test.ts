import type { KubeClient } from '../../../src/kube/client.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import {
  connect,
  create,
  expectAnswer,
  installDefinitions,
  manifest,
  remove,
  tryPatch,
} from './catalog-cluster.ts';

let client: KubeClient;
let namespace = '';

beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = await connect(cluster.kubeconfig);
  namespace = await freshNamespace('update-rules');
  await installDefinitions(cluster);
}, 60_000);

afterAll(async () => client.close());

const namedClass = { clusterServiceClassExternalName: 'c' };
const bound = { instanceRef: { name: 'i' } };
const url = 'https://broker.example.com';
const classOf = { externalName: 'c', externalID: 'id', clusterServiceBrokerName: 'b' };
const planOf = { ...classOf, clusterServiceClassRef: { name: 'c' } };

type UpdateCase = readonly [what: string, before: unknown, patch: unknown, refusal?: string];

const externalID = 'externalID may not be changed or removed';
const planRef = 'the resolved plan may only be replaced together with the plan selector';
const classRef = 'the resolved class of an instance can not be changed or removed';
const classRule = 'the class of an instance can not be changed';
const resolved = {
  clusterServiceClassExternalName: 'c',
  clusterServicePlanExternalName: 'p',
  clusterServiceClassRef: { name: 'c-id' },
  clusterServicePlanRef: { name: 'p-id' },
  externalID: 'e',
  updateRequests: 2,
};
const resolvedLocally = {
  serviceClassName: 'c',
  servicePlanName: 'p',
  serviceClassRef: { name: 'c' },
  servicePlanRef: { name: 'p' },
};

const instanceUpdates: readonly UpdateCase[] = [
  [
    'fills in what was open',
    { ...namedClass, externalID: '' },
    {
      externalID: 'e',
      userInfo: { username: 'u' },
      clusterServicePlanExternalName: 'p',
      clusterServiceClassRef: { name: 'x' },
      clusterServicePlanRef: { name: 'y' },
    },
  ],
  ['changes parameters', resolved, { parameters: { a: 1 }, userInfo: { username: 'other' } }],
  ['changes the class', resolved, { clusterServiceClassExternalName: 'd' }, classRule],
  [
    'changes the style of class and plan',
    resolved,
    {
      clusterServiceClassExternalName: null,
      clusterServicePlanExternalName: null,
      clusterServiceClassName: 'c',
      clusterServicePlanName: 'p',
    },
    classRule,
  ],
  ['changes the class of a namespace', resolvedLocally, { serviceClassName: 'd' }, classRule],
  ['changes externalID', resolved, { externalID: 'f' }, externalID],
  ['removes externalID', resolved, { externalID: null }, externalID],
  ['empties externalID', resolved, { externalID: '' }, externalID],
  ['raises updateRequests', resolved, { updateRequests: 3 }],
  ['lowers updateRequests', resolved, { updateRequests: 1 }, 'updateRequests must not decrease'],
  ['removes updateRequests', resolved, { updateRequests: null }, 'updateRequests must not decrease'],
  [
    'changes the plan and drops its reference',
    resolved,
    { clusterServicePlanExternalName: 'q', clusterServicePlanRef: null },
  ],
  [
    'changes the plan with its reference',
    resolved,
    { clusterServicePlanExternalName: 'q', clusterServicePlanRef: { name: 'q-id' } },
  ],
  ['changes the plan and leaves its reference', resolved, { clusterServicePlanExternalName: 'q' }],
  ['changes the plan of a namespace', resolvedLocally, { servicePlanName: 'q', servicePlanRef: null }],
  ['changes the plan reference alone', resolved, { clusterServicePlanRef: { name: 'other' } }, planRef],
  [
    'changes the plan reference of a namespace alone',
    resolvedLocally,
    { servicePlanRef: { name: 'other' } },
    planRef,
  ],
  ['drops the plan reference', resolved, { clusterServicePlanRef: null }],
  ['changes the class reference', resolved, { clusterServiceClassRef: { name: 'other' } }, classRef],
  ['removes the class reference', resolvedLocally, { serviceClassRef: null }, classRef],
];

const bindingSpec = {
  ...bound,
  parameters: { a: { b: 1 } },
  parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
  secretName: 's',
  secretTransforms: [{ removeKey: { key: 'k' } }],
  externalID: 'e',
  userInfo: { username: 'u', uid: '1' },
};
const bindingParameters = 'the parameters of a binding can not be changed';
const bindingTransforms = 'the secretTransforms of a binding can not be changed';
const bindingUser = 'userInfo may not be changed or removed';

const bindingUpdates: readonly UpdateCase[] = [
  [
    'fills in what was open',
    { ...bound, externalID: '' },
    { externalID: 'e', secretName: 's', userInfo: { username: 'u' } },
  ],
  ['changes nothing', bindingSpec, { secretName: 's' }],
  [
    'empties what was not there',
    bound,
    { parameters: {}, parametersFrom: [], secretTransforms: [], secretName: '', userInfo: { uid: '' } },
  ],
  [
    'takes away what was empty',
    { ...bound, parameters: {}, parametersFrom: [], secretTransforms: [], userInfo: { username: '' } },
    { parameters: null, parametersFrom: null, secretTransforms: null, userInfo: null },
  ],
  ['changes the instance', bindingSpec, { instanceRef: { name: 'j' } }, 'a binding belongs to one instance'],
  ['changes parameters', bindingSpec, { parameters: { a: { b: 2 } } }, bindingParameters],
  ['adds parameters', bound, { parameters: { a: 1 } }, bindingParameters],
  ['removes parameters', bindingSpec, { parameters: null }, bindingParameters],
  [
    'changes parametersFrom',
    bindingSpec,
    { parametersFrom: [{ secretKeyRef: { name: 's', key: 'l' } }] },
    bindingParameters,
  ],
  ['removes parametersFrom', bindingSpec, { parametersFrom: null }, bindingParameters],
  ['changes secretName', bindingSpec, { secretName: 't' }, 'secretName may not be changed or removed'],
  ['removes secretName', bindingSpec, { secretName: null }, 'secretName may not be changed or removed'],
  [
    'changes secretTransforms',
    bindingSpec,
    { secretTransforms: [{ removeKey: { key: 'l' } }] },
    bindingTransforms,
  ],
  ['adds secretTransforms', bound, { secretTransforms: [{ removeKey: { key: 'l' } }] }, bindingTransforms],
  ['changes externalID', bindingSpec, { externalID: 'f' }, externalID],
  ['changes the user', bindingSpec, { userInfo: { username: 'other' } }, bindingUser],
  ['removes the user', bindingSpec, { userInfo: null }, bindingUser],
];

const brokerUpdates: readonly UpdateCase[] = [
  ['changes the url', { url }, { url: 'http://other.example.com' }],
  ['raises relistRequests', { url, relistRequests: 1 }, { relistRequests: 2 }],
  [
    'lowers relistRequests',
    { url, relistRequests: 1 },
    { relistRequests: 0 },
    'RelistRequests must be strictly increasing',
  ],
  [
    'removes relistRequests',
    { url, relistRequests: 1 },
    { relistRequests: null },
    'RelistRequests must be strictly increasing',
  ],
];

const planUpdates: readonly UpdateCase[] = [
  ['changes the name', planOf, { externalName: 'q' }],
  [
    'changes externalID',
    planOf,
    { externalID: 'x' },
    'externalID cannot change when updating a ClusterServicePlan',
  ],
  [
    'changes the broker',
    planOf,
    { clusterServiceBrokerName: 'x' },
    'the broker of a plan can not be changed',
  ],
  [
    'changes the class',
    planOf,
    { clusterServiceClassRef: { name: 'x' } },
    'the class of a plan can not be changed',
  ],
];

const classUpdates: readonly UpdateCase[] = [
  ['changes the name', classOf, { externalName: 'q' }],
  [
    'changes the broker',
    classOf,
    { clusterServiceBrokerName: 'x' },
    'the broker of a class can not be changed',
  ],
];

describe.each([
  ['ServiceInstance', instanceUpdates],
  ['ServiceBinding', bindingUpdates],
  ['ServiceBroker', brokerUpdates],
  ['ClusterServicePlan', planUpdates],
  ['ClusterServiceClass', classUpdates],
])('an update of a %s', (kind, cases) => {
  const named = cases.map(([what, before, patch, refusal]) => ({ what, before, patch, refusal }));

  it.each(named)('that $what', async ({ what, before, patch, refusal }) => {
    const words = what.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
    const name = `${namespace}-${words}`.slice(0, 63).replace(/-$/, '');
    const created = await create(client, manifest({ kind, spec: before }, namespace, name));
    if (!created.accepted) throw new Error(created.message);
    const answer = await tryPatch(client, { kind, name, namespace, patch: { spec: patch } });
    await remove(client, created.object);
    expectAnswer(answer, refusal);
  });
});

describe('a status', () => {
  it('is taken whole', async () => {
    const object = manifest({ kind: 'ServiceInstance', spec: namedClass }, namespace, 'status');
    expect(await create(client, object)).toMatchObject({ accepted: true });
    const status = {
      attempts: 1,
      nextAttemptTime: null,
      usable: null,
      updateRepeatable: false,
      orphanInstanceIDs: ['a'],
      inProgressProperties: {
        clusterServicePlanExternalName: 'p',
        clusterServicePlanExternalID: 'id',
        serviceID: 's',
        broker: { kind: 'ClusterServiceBroker', name: 'b' },
        maintenanceInfo: { version: '1.0.0' },
        parameters: { secret: '<redacted>', list: [1] },
        parameterChecksum: 'c',
        userInfo: { username: 'u' },
      },
      deprovisionStatus: 'Required',
      provisionStatus: 'Provisioned',
      currentOperation: 'Update',
    };
    const place = { kind: 'ServiceInstance', name: 'status', namespace };
    const answer = await tryPatch(client, { ...place, subresource: 'status', patch: { status } });
    expect(answer).toMatchObject({
      accepted: true,
      object: { status: { inProgressProperties: status.inProgressProperties, attempts: 1 } },
    });
  });
});
