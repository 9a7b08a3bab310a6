import { load, YAML11_SCHEMA } from 'js-yaml';
import { serviceInstances } from '../../../../src/api/kinds.ts';
import { parseExact } from '../../../../src/base/json.ts';
import {
  dataManifest,
  isKeptItem,
  servedManifest,
  specManifest,
} from '../../../../src/cli/export/exported-object.ts';
import { manifestYaml } from '../../../../src/cli/export/manifest-file.ts';
import { dataOfBinding, dataOfBroker } from '../../../../src/cli/export/named-data.ts';
import { secrets } from '../../../../src/kube/resources.ts';

const serverFields = {
  uid: 'u',
  resourceVersion: '7',
  generation: 3,
  creationTimestamp: '2026-01-01T00:00:00Z',
  deletionTimestamp: '2026-01-01T00:00:00Z',
  finalizers: ['kubernetes-incubator/service-catalog'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'o' }],
  managedFields: [],
};

it('an instance goes without what only its cluster knows, and says that it exists', () => {
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    'servicecatalog.k8s.io/id-made': 'u',
    'servicecatalog.k8s.io/reclaim-at': '2026-01-01T00:00:00Z u',
    'servicecatalog.k8s.io/deletion-policy': 'retain',
    mine: 'stays',
  };
  const labels = { 'servicecatalog.k8s.io/spec.clusterServiceClassRef.name': 'abc', mine: 'stays' };
  const object = {
    metadata: { name: 'db', namespace: 'shop', ...serverFields, labels, annotations },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      userInfo: { username: 'alice' },
      externalID: 'first',
    },
    status: { instanceID: 'second' },
  };
  expect(servedManifest(serviceInstances, object, { way: 'adopt', id: 'second', notes: [] })).toEqual({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceInstance',
    metadata: {
      name: 'db',
      namespace: 'shop',
      labels: { mine: 'stays' },
      annotations: {
        'servicecatalog.k8s.io/deletion-policy': 'retain',
        mine: 'stays',
        'servicecatalog.k8s.io/adopt': 'true',
      },
    },
    spec: { clusterServiceClassExternalName: 'postgresql', externalID: 'second' },
  });
});

it('a Secret has no owner that is not there any more', () => {
  const secret = {
    metadata: { name: 'db', namespace: 'shop', ...serverFields },
    type: 'servicebinding.io/x',
    data: { a: 'Yg==' },
  };
  expect(dataManifest(secrets, secret)).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop' },
    type: 'servicebinding.io/x',
    data: { a: 'Yg==' },
  });
});

describe('a class or plan', () => {
  const item = (name: string, more: object = {}, annotations?: Readonly<Record<string, string>>) => ({
    metadata: { name, ...(annotations && { annotations }) },
    spec: {
      externalID: 'id-of-it',
      externalName: 'x',
      description: '',
      clusterServiceBrokerName: 'b',
      ...more,
    },
  });

  it.each([
    ['of the catalog', item('id-of-it'), false],
    ['made by hand', item('by-hand'), true],
    ['with defaults of people', item('id-of-it', { defaultProvisionParameters: { a: 1 } }), true],
    ['with an annotation', item('id-of-it', {}, { note: 'x' }), true],
    [
      'that is built in',
      item('id-of-it', { clusterServiceBrokerName: 'bindery:built-in' }, { note: 'x' }),
      false,
    ],
  ])('%s', (_what, object, isKept) => {
    expect(isKeptItem(object as Parameters<typeof isKeptItem>[0])).toBe(isKept);
  });
});

it('what brokers and bindings name is found, each in its namespace', () => {
  const annotations = {
    'servicecatalog.k8s.io/ca-configmap': 'certs/ca:root.crt',
    'servicecatalog.k8s.io/client-certificate-secret': 'certs/client',
  };
  const spec = { url: 'https://b', authInfo: { basic: { secretRef: { namespace: 'x', name: 'auth' } } } };
  const named = (data: ReturnType<typeof dataOfBroker>) =>
    data.map(({ resource, namespace, name }) => `${resource.kind} ${namespace}/${name}`);
  expect(named(dataOfBroker({ metadata: { name: 'b', annotations }, spec }))).toEqual([
    'Secret x/auth',
    'Secret certs/client',
    'ConfigMap certs/ca',
  ]);
  // What a ServiceBroker says of a namespace does not count.
  expect(named(dataOfBroker({ metadata: { name: 'b', namespace: 'own' }, spec }))).toEqual([
    'Secret own/auth',
  ]);
  const binding = {
    metadata: { name: 'b', namespace: 'own' },
    spec: {
      instanceRef: { name: 'i' },
      parametersFrom: [{ secretKeyRef: { name: 'p', key: 'k' } }],
      secretTransforms: [{ addKeysFrom: { secretRef: { namespace: 'other', name: 's' } } }],
    },
  };
  expect(named(dataOfBinding(binding))).toEqual(['Secret own/p', 'Secret other/s']);
});

it('YAML is read as it was written, by parsers of YAML 1.1 too', () => {
  const parameters = {
    words: [
      'yes',
      'no',
      'on',
      'null',
      '~',
      '0777',
      '0o7',
      '1_000',
      '1e3',
      '12:30:45',
      '2026-01-01',
      '=',
      '<<',
      ' a',
      'a\nb\n',
      '# c',
      '',
      '\u0000',
      '%',
    ],
    yes: 'y',
    numbers: [1, 1.5, -0.25, 1e21, 0],
  };
  const manifest = specManifest(serviceInstances, { metadata: { name: 'db' }, spec: { parameters } });
  const read = load(manifestYaml(manifest), { schema: YAML11_SCHEMA }) as { readonly spec: unknown };
  expect(read.spec).toEqual({ parameters });
});

it('integers beyond 2^53 keep their digits', () => {
  const spec = parseExact('{"a":9007199254740993}') as object;
  expect(manifestYaml(specManifest(serviceInstances, { metadata: { name: 'db' }, spec }))).toContain(
    'a: 9007199254740993\n',
  );
});
