import type { KubeClient } from '../../../src/kube/client.ts';
import { freshNamespace, sharedControlPlane } from '../../support/cluster.ts';
import { connect, expectAnswer, installDefinitions, manifest, tryCreate } from './catalog-cluster.ts';

let client: KubeClient;
let namespace = '';

beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = await connect(cluster.kubeconfig);
  namespace = await freshNamespace('create-rules');
  await installDefinitions(cluster);
}, 60_000);

afterAll(async () => client.close());

type CreateCase = readonly [what: string, kind: string, spec: unknown, refusal?: string];

const classSelectors = [
  'clusterServiceClassExternalName',
  'clusterServiceClassExternalID',
  'clusterServiceClassName',
  'serviceClassExternalName',
  'serviceClassExternalID',
  'serviceClassName',
];
const planSelector = (selector: string): string => selector.replace('Class', 'Plan');
const oneClass = 'exactly one class selector is required';
const sameStyle = 'the plan must be selected in the same way as the class';
const namedClass = { clusterServiceClassExternalName: 'c' };
const bound = { instanceRef: { name: 'i' } };
const url = 'https://broker.example.com';
const auth = 'auth config is required: exactly one of basic and bearer';
const selectorRefusal = 'must be a label selector over name';
const clusterSecret = { secretRef: { namespace: 'n', name: 's' } };
const localSecret = { secretRef: { name: 's' } };
const classOf = { externalName: 'c', externalID: 'id', clusterServiceBrokerName: 'b' };
const planOf = { ...classOf, clusterServiceClassRef: { name: 'c' } };

const instanceCases: readonly CreateCase[] = [
  ...classSelectors.map((selector): CreateCase => [
    `class by ${selector}`,
    'ServiceInstance',
    { [selector]: 'c' },
  ]),
  ...classSelectors.map((selector): CreateCase => [
    `class and plan by ${selector}`,
    'ServiceInstance',
    { [selector]: 'c', [planSelector(selector)]: 'p' },
  ]),
  ['no class', 'ServiceInstance', {}, oneClass],
  ['no spec', 'ServiceInstance', undefined, 'spec: Required value'],
  ['an empty class', 'ServiceInstance', { serviceClassName: '' }, oneClass],
  ['two classes', 'ServiceInstance', { ...namedClass, clusterServiceClassName: 'c' }, oneClass],
  ['cluster and namespace', 'ServiceInstance', { ...namedClass, serviceClassExternalName: 'c' }, oneClass],
  ['one class and an empty one', 'ServiceInstance', { ...namedClass, serviceClassName: '' }],
  ['plan only', 'ServiceInstance', { clusterServicePlanExternalName: 'p' }, oneClass],
  [
    'plan by id, class by name',
    'ServiceInstance',
    { ...namedClass, clusterServicePlanExternalID: 'p' },
    sameStyle,
  ],
  ['plan of the namespace', 'ServiceInstance', { ...namedClass, servicePlanExternalName: 'p' }, sameStyle],
  [
    'two plans',
    'ServiceInstance',
    { ...namedClass, clusterServicePlanExternalName: 'p', clusterServicePlanName: 'p' },
    sameStyle,
  ],
  [
    'resolved references',
    'ServiceInstance',
    { ...namedClass, clusterServiceClassRef: { name: 'x' }, clusterServicePlanRef: { name: 'y' } },
  ],
  [
    'references of the other scope',
    'ServiceInstance',
    { ...namedClass, serviceClassRef: { name: 'x' } },
    'serviceClassRef and servicePlanRef need a class selector of the namespace',
  ],
  [
    'cluster references of a class of the namespace',
    'ServiceInstance',
    { serviceClassName: 'c', clusterServicePlanRef: { name: 'x' } },
    'clusterServiceClassRef and clusterServicePlanRef need a cluster-wide class selector',
  ],
  ...['.', '..', 'x/../y', '..%2Fy', 'a\\b', ' a', 'a?b', 'a#b', '-a', 'ä'].flatMap(
    (externalID): CreateCase[] => [
      [`H37 the id ${externalID}`, 'ServiceInstance', { ...namedClass, externalID }, 'part of a URL'],
      [
        `H37 the id ${externalID}`,
        'ServiceBinding',
        { instanceRef: { name: 'i' }, externalID },
        'part of a URL',
      ],
    ],
  ),
  ...['f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'A_b.c~1', ''].flatMap((externalID): CreateCase[] => [
    [`the id "${externalID}"`, 'ServiceInstance', { ...namedClass, externalID }],
    [`the id "${externalID}"`, 'ServiceBinding', { instanceRef: { name: 'i' }, externalID }],
  ]),
  ['negative updateRequests', 'ServiceInstance', { ...namedClass, updateRequests: -1 }, 'updateRequests'],
  [
    'updateRequests that no double can hold',
    'ServiceInstance',
    { ...namedClass, updateRequests: 2 ** 53 },
    'updateRequests',
  ],
  [
    'parameters of any shape',
    'ServiceInstance',
    { ...namedClass, parameters: { a: [1, { b: null }], c: 1.5 } },
  ],
  [
    'parameters that are a list',
    'ServiceInstance',
    { ...namedClass, parameters: [1] },
    'must be of type object',
  ],
  [
    'parametersFrom nothing',
    'ServiceInstance',
    { ...namedClass, parametersFrom: [{}] },
    'secretKeyRef: Required value',
  ],
  [
    'parametersFrom a name that is a path',
    'ServiceInstance',
    { ...namedClass, parametersFrom: [{ secretKeyRef: { name: '../../a/secrets/b', key: 'k' } }] },
    'parametersFrom[0].secretKeyRef.name',
  ],
  [
    'parametersFrom without a key',
    'ServiceInstance',
    { ...namedClass, parametersFrom: [{ secretKeyRef: { name: 's' } }] },
    'key: Required value',
  ],
  [
    'a user with any number of groups',
    'ServiceInstance',
    {
      ...namedClass,
      userInfo: {
        username: 'u',
        uid: '',
        groups: Array.from({ length: 2000 }, (_, i) => `g${i}`),
        extra: { k: ['v'] },
      },
    },
  ],
  [
    'a misspelt field',
    'ServiceInstance',
    { ...namedClass, clusterServicePlanExternalNam: 'p' },
    'unknown field',
  ],
];

const adding = (...lengths: readonly number[]): readonly unknown[] =>
  lengths.map((length) => ({ addKey: { key: 'k', stringValue: 'x'.repeat(length) } }));

const bindingCases: readonly CreateCase[] = [
  ['an instance', 'ServiceBinding', bound],
  ['no instance', 'ServiceBinding', {}, 'instanceRef: Required value'],
  ['an instance without a name', 'ServiceBinding', { instanceRef: {} }, 'name: Required value'],
  ['an impossible instance', 'ServiceBinding', { instanceRef: { name: 'No_Such' } }, 'instanceRef.name'],
  ['an empty Secret name', 'ServiceBinding', { ...bound, secretName: '' }],
  ['an impossible Secret name', 'ServiceBinding', { ...bound, secretName: 'No_Such' }, 'secretName'],
  [
    'each transform',
    'ServiceBinding',
    {
      ...bound,
      secretTransforms: [
        { renameKey: { from: 'a', to: 'b' } },
        { addKey: { key: 'k', stringValue: '' } },
        { addKey: { key: 'k', value: 'aGVsbG8=' } },
        { addKey: { key: 'k', value: '' } },
        { addKey: { key: 'k', jsonPathExpression: '{.a.b}' } },
        { addKeysFrom: { secretRef: { namespace: 'n', name: 's' } } },
        { removeKey: { key: 'k' } },
      ],
    },
  ],
  ['transforms that add much', 'ServiceBinding', { ...bound, secretTransforms: adding(32_768, 32_768) }],
  [
    'transforms that add too much together',
    'ServiceBinding',
    { ...bound, secretTransforms: adding(32_768, 32_769) },
    '65536 characters together',
  ],
  ['an empty transform', 'ServiceBinding', { ...bound, secretTransforms: [{}] }, 'exactly one of renameKey'],
  [
    'two transforms in one',
    'ServiceBinding',
    { ...bound, secretTransforms: [{ removeKey: { key: 'a' }, renameKey: { from: 'a', to: 'b' } }] },
    'exactly one of renameKey',
  ],
];

const brokerCases: readonly CreateCase[] = [
  ['no url', 'ServiceBroker', {}, 'url: Required value'],
  ['an empty url', 'ServiceBroker', { url: '' }, 'spec.url'],
  ['a url without a scheme', 'ServiceBroker', { url: 'broker.example.com' }, 'spec.url'],
  ['a url with a password', 'ServiceBroker', { url: 'https://u:p@broker.example.com' }, 'names a Secret'],
  ['a url with a query', 'ServiceBroker', { url: `${url}/?a=b` }, 'would get lost'],
  ['a url with a fragment', 'ServiceBroker', { url: `${url}/#a` }, 'would get lost'],
  ['a url with a path that has an @', 'ServiceBroker', { url: `${url}/a@b` }],
  ['a certificate authority', 'ServiceBroker', { url, caBundle: 'YQ==' }],
  ['no verification', 'ServiceBroker', { url, insecureSkipTLSVerify: true, caBundle: '' }],
  ['a certificate authority in lines', 'ServiceBroker', { url, caBundle: 'YWJj\nZGVm\nZw==\n' }],
  ['a certificate authority in plain PEM', 'ServiceBroker', { url, caBundle: '-----BEGIN' }, 'spec.caBundle'],
  [
    'a certificate authority and no verification',
    'ServiceBroker',
    { url, caBundle: 'YQ==', insecureSkipTLSVerify: true },
    'caBundle cannot be used when insecureSkipTLSVerify is true',
  ],
  ['basic authentication', 'ServiceBroker', { url, authInfo: { basic: localSecret } }],
  ['bearer authentication', 'ClusterServiceBroker', { url, authInfo: { bearer: clusterSecret } }],
  ['no kind of authentication', 'ServiceBroker', { url, authInfo: {} }, auth],
  [
    'two kinds of authentication',
    'ServiceBroker',
    { url, authInfo: { basic: localSecret, bearer: localSecret } },
    auth,
  ],
  [
    'authentication without a Secret',
    'ServiceBroker',
    { url, authInfo: { basic: {} } },
    'secretRef: Required value',
  ],
  [
    'a cluster Secret without a namespace',
    'ClusterServiceBroker',
    { url, authInfo: { basic: localSecret } },
    'namespace: Required value',
  ],
  [
    'an impossible Secret',
    'ServiceBroker',
    { url, authInfo: { basic: { secretRef: { name: 'A_b' } } } },
    'secretRef.name',
  ],
  ['an unknown relist behaviour', 'ServiceBroker', { url, relistBehavior: 'Never' }, 'relistBehavior'],
  ['negative relistRequests', 'ServiceBroker', { url, relistRequests: -1 }, 'relistRequests'],
  [
    'relistRequests that no double can hold',
    'ServiceBroker',
    { url, relistRequests: 2 ** 53 },
    'relistRequests',
  ],
  ...['1h', '15m0s', '1.5h', '24h', '300ms'].map((relistDuration): CreateCase => [
    `relistDuration ${relistDuration}`,
    'ServiceBroker',
    { url, relistDuration },
  ]),
  ...['0s', '-1h', 'PT15M', '15', '2 weeks', ''].map((relistDuration): CreateCase => [
    `relistDuration ${JSON.stringify(relistDuration)}`,
    'ServiceBroker',
    { url, relistDuration },
    'relistDuration must be a duration above zero',
  ]),
  ...[
    'name=x',
    'name==x',
    'spec.externalName != a-b.c_d',
    'spec.externalID in (a,b , c)',
    ' spec.externalName  notin ( a ) , name',
    '!spec.externalName',
    'spec.externalName=',
  ].map((predicate): CreateCase => [
    `the class restriction ${JSON.stringify(predicate)}`,
    'ServiceBroker',
    { url, catalogRestrictions: { serviceClass: [predicate] } },
  ]),
  ...['spec.free=true', 'spec.tags=x', 'name in a', 'name in (a', 'name=a b', '', 'nameless=x'].map(
    (predicate): CreateCase => [
      `the class restriction ${JSON.stringify(predicate)}`,
      'ServiceBroker',
      { url, catalogRestrictions: { serviceClass: [predicate] } },
      selectorRefusal,
    ],
  ),
  [
    'the plan restriction "spec.free=true"',
    'ServiceBroker',
    { url, catalogRestrictions: { servicePlan: ['spec.free=true'] } },
  ],
  [
    'the plan restriction by class of the namespace',
    'ServiceBroker',
    { url, catalogRestrictions: { servicePlan: ['spec.serviceClass.name=c'] } },
  ],
  [
    'the plan restriction by class of the cluster',
    'ClusterServiceBroker',
    { url, catalogRestrictions: { servicePlan: ['spec.clusterServiceClass.name in (c, d)'] } },
  ],
  [
    'the plan restriction by class of the wrong scope',
    'ServiceBroker',
    { url, catalogRestrictions: { servicePlan: ['spec.clusterServiceClass.name=c'] } },
    selectorRefusal,
  ],
];

const catalogCases: readonly CreateCase[] = [
  ['everything needed', 'ClusterServiceClass', classOf],
  ['everything needed', 'ClusterServicePlan', planOf],
  ['no description', 'ClusterServiceClass', { ...classOf, description: '' }],
  ['a name in any script', 'ClusterServiceClass', { ...classOf, externalName: 'база данных '.repeat(8) }],
  [
    'no broker',
    'ClusterServiceClass',
    { externalName: 'c', externalID: 'id' },
    'clusterServiceBrokerName: Required value',
  ],
  ['an empty external name', 'ClusterServiceClass', { ...classOf, externalName: '' }, 'externalName'],
  ['no class', 'ClusterServicePlan', classOf, 'clusterServiceClassRef: Required value'],
  ['bindable left open', 'ClusterServicePlan', { ...planOf, bindable: null }],
  [
    'a schema',
    'ClusterServicePlan',
    { ...planOf, instanceCreateParameterSchema: { $schema: 'x', type: 'object' } },
  ],
];

const presetCases: readonly CreateCase[] = [
  ['nothing', 'PodPreset', {}],
  [
    'a selector, bindings and volumes',
    'PodPreset',
    {
      selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['v'] }] },
      bindings: [{ name: 'db', from: 'secret/s', env: 'A=b', mount: 'none' }],
      env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: 1 } } }],
      envFrom: [{ prefix: 'P_', secretRef: { name: 's' } }],
      volumes: [{ name: 'v', csi: { driver: 'd', volumeAttributes: { a: 'b' } } }],
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    },
  ],
  [
    'In without values',
    'PodPreset',
    { selector: { matchExpressions: [{ key: 'k', operator: 'In' }] } },
    'need values',
  ],
  [
    'Exists with values',
    'PodPreset',
    { selector: { matchExpressions: [{ key: 'k', operator: 'Exists', values: ['v'] }] } },
    'must have none',
  ],
  [
    'a request for a service',
    'PodPreset',
    { bindings: [{ name: 'db', from: 'request/c/p' }] },
    'bindings[0].from',
  ],
  [
    'a value that is larger than a preset may be',
    'PodPreset',
    { env: [{ name: 'A', value: 'x'.repeat(32_769) }] },
    'env[0].value',
  ],
  ['two bindings of a name', 'PodPreset', { bindings: [{ name: 'db' }, { name: 'db' }] }, 'Duplicate value'],
];

describe('what may be created', () => {
  const cases = [...instanceCases, ...bindingCases, ...brokerCases, ...catalogCases, ...presetCases];

  it.each(cases.map(([what, kind, spec, refusal]) => ({ what, kind, spec, refusal })))(
    '$kind with $what',
    async ({ kind, spec, refusal }) => {
      expectAnswer(await tryCreate(client, manifest({ kind, spec }, namespace)), refusal);
    },
  );

  it.each([63, 64])('a class whose name has %i characters only up to 63', async (length) => {
    const object = manifest({ kind: 'ClusterServiceClass', spec: classOf }, namespace, 'c'.repeat(length));
    expectAnswer(
      await tryCreate(client, object),
      length > 63 ? 'the name may have at most 63 characters' : undefined,
    );
  });
});
