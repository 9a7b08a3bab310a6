import { load, loadAll } from 'js-yaml';
import { convertManifests } from '../../../src/cli/convert-manifests.ts';

const alpha = 'servicecatalog.k8s.io/v1alpha1';
const beta = 'servicecatalog.k8s.io/v1beta1';

function convert(...documents: readonly (object | string)[]) {
  const text = documents
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    .join('\n---\n');
  const { documents: out, ...told } = convertManifests({ name: 'a.yaml', text });
  return { ...told, objects: loadAll(out.join('---\n')) };
}

const metadata = { name: 'x', namespace: 'shop' };
const secret = { namespace: 'brokers', name: 'login' };

describe('an alpha object', () => {
  it.each<[string, string, object, string, object]>([
    ['a broker', 'Broker', { url: 'http://b' }, 'ClusterServiceBroker', { url: 'http://b' }],
    [
      'its first Secret',
      'Broker',
      { url: 'u', authSecret: secret },
      'ClusterServiceBroker',
      { url: 'u', authInfo: { basic: { secretRef: secret } } },
    ],
    [
      'its later Secret',
      'ServiceBroker',
      { url: 'u', authInfo: { basicAuthSecret: { kind: 'Secret', ...secret } } },
      'ClusterServiceBroker',
      { url: 'u', authInfo: { basic: { secretRef: secret } } },
    ],
    [
      'its last Secret',
      'ServiceBroker',
      { url: 'u', authInfo: { bearer: { secretRef: secret } } },
      'ClusterServiceBroker',
      { url: 'u', authInfo: { bearer: { secretRef: secret } } },
    ],
    [
      'how it is asked',
      'ServiceBroker',
      { url: 'u', relistBehavior: 'Manual', relistRequests: 2, caBundle: 'eA==', relistDuration: null },
      'ClusterServiceBroker',
      { url: 'u', relistBehavior: 'Manual', relistRequests: 2, caBundle: 'eA==' },
    ],
    [
      'an instance',
      'Instance',
      { serviceClassName: 'pg', planName: 'small', externalID: 'id', parameters: { a: [1, null] } },
      'ServiceInstance',
      {
        clusterServiceClassExternalName: 'pg',
        clusterServicePlanExternalName: 'small',
        externalID: 'id',
        parameters: { a: [1, null] },
      },
    ],
    [
      'one of a third party resource',
      'Instance',
      { serviceClassName: 'pg', planName: 'small', osbGuid: 'id' },
      'ServiceInstance',
      { clusterServiceClassExternalName: 'pg', clusterServicePlanExternalName: 'small', externalID: 'id' },
    ],
    [
      'one without a plan',
      'Instance',
      { serviceClassName: 'pg' },
      'ServiceInstance',
      { clusterServiceClassExternalName: 'pg' },
    ],
    [
      'one of a later alpha',
      'ServiceInstance',
      {
        externalServiceClassName: 'pg',
        externalServicePlanName: 'small',
        serviceClassRef: { name: 'r' },
        userInfo: {},
        parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
      },
      'ServiceInstance',
      {
        clusterServiceClassExternalName: 'pg',
        clusterServicePlanExternalName: 'small',
        parametersFrom: [{ secretKeyRef: { name: 's', key: 'k' } }],
      },
    ],
    [
      'a binding',
      'Binding',
      { instanceRef: { name: 'db' }, secretName: 's', externalID: 'id' },
      'ServiceBinding',
      { instanceRef: { name: 'db' }, secretName: 's', externalID: 'id' },
    ],
    [
      'a credential',
      'ServiceInstanceCredential',
      { instanceRef: { name: 'db' }, parameters: { r: 'w' } },
      'ServiceBinding',
      { instanceRef: { name: 'db' }, parameters: { r: 'w' } },
    ],
  ])('%s', (_name, kind, spec, newKind, newSpec) => {
    const { objects, problems, notes } = convert({ apiVersion: alpha, kind, metadata, spec });
    const own = newKind === 'ClusterServiceBroker' ? { name: 'x' } : metadata;
    expect({ objects, problems, notes }).toEqual({
      objects: [{ apiVersion: beta, kind: newKind, metadata: own, spec: newSpec }],
      problems: [],
      notes: [],
    });
  });

  it('keeps its labels, and nothing of what belonged to it in its old cluster', () => {
    const old = {
      uid: 'u',
      resourceVersion: '1',
      finalizers: ['kubernetes'],
      ownerReferences: [{}],
      creationTimestamp: null,
    };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: '1' };
    const { objects } = convert({
      apiVersion: alpha,
      kind: 'Instance',
      metadata: { ...metadata, ...old, annotations, labels: { a: 'b' } },
      spec: { serviceClassName: 'pg' },
      status: { conditions: [] },
    });
    expect(objects).toEqual([
      {
        apiVersion: beta,
        kind: 'ServiceInstance',
        metadata: { ...metadata, annotations: { mine: '1' }, labels: { a: 'b' } },
        spec: { clusterServiceClassExternalName: 'pg' },
      },
    ]);
  });

  it.each<[string, object, string]>([
    [
      'without a class',
      { kind: 'Instance', spec: { planName: 'p' } },
      'Instance "shop/x" is left out: it names no class',
    ],
    [
      'without an instance',
      { kind: 'Binding', spec: {} },
      'Binding "shop/x" is left out: it names no instance',
    ],
    ['without a spec', { kind: 'Instance' }, 'Instance "shop/x" is left out: it has no spec'],
    [
      'of no kind that there is',
      { kind: 'Thing', spec: {} },
      `Thing "shop/x" is left out: there is no such kind in ${beta}`,
    ],
    [
      'with a Secret that is nowhere',
      { kind: 'Broker', spec: { authInfo: { basicAuthSecret: { name: 's' } } } },
      'Broker "shop/x" is left out: its basic Secret needs a namespace and a name',
    ],
    [
      'that was being deleted',
      { kind: 'Instance', metadata: { ...metadata, deletionTimestamp: 'now' }, spec: {} },
      'Instance "shop/x" is left out: it was being deleted',
    ],
  ])('%s is left out and named', (_name, object, problem) => {
    expect(convert('# the first\na: 1', { apiVersion: alpha, metadata, ...object })).toEqual({
      objects: [{ a: 1 }],
      notes: [],
      problems: [`a.yaml:4: ${problem}`],
    });
  });

  it('with a number that would be changed is left out', () => {
    const { objects, problems } = convert(
      `apiVersion: ${alpha}\nkind: Instance\nmetadata: {name: x}\nspec: {serviceClassName: pg, parameters: {big: 12345678901234567890}}`,
    );
    expect(objects).toEqual([]);
    expect(problems[0]).toContain('the number in spec.parameters.big would be changed');
  });

  it('that loses something says so', () => {
    const { objects, problems } = convert({
      apiVersion: alpha,
      kind: 'Binding',
      metadata,
      spec: { instanceRef: { name: 'db' }, alphaPodPresetTemplate: { name: 'p' }, odd: 1 },
    });
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([
      'a.yaml:1: Binding "shop/x" loses spec.alphaPodPresetTemplate: annotate the workload with bind.servicecatalog.k8s.io instead, or write a PodPreset',
      'a.yaml:1: Binding "shop/x" loses spec.odd',
    ]);
  });

  it('of the catalog is not needed any more', () => {
    const { objects, problems, notes } = convert({
      apiVersion: alpha,
      kind: 'ServiceClass',
      metadata: { name: 'pg' },
      brokerName: 'b',
    });
    expect({ objects, problems }).toEqual({ objects: [], problems: [] });
    expect(notes).toEqual([
      'a.yaml:1: ServiceClass "pg" is left out: it is made anew from the catalog of its broker',
    ]);
  });
});

describe('a text', () => {
  it('keeps every other document as it is, with its comments', () => {
    const licence = '# Nobody owns this';
    const other = '# mine\napiVersion: v1\nkind: ConfigMap # yes\ndata: { a: "0755" }';
    const today = `apiVersion: ${beta}\nkind: ServiceInstance\nspec: {}`;
    const { documents } = convertManifests({
      name: 'a',
      text: `${licence}\n---\n${other}\n---\n\n--- \n${today}\n`,
    });
    expect(documents).toEqual([`${licence}\n`, `${other}\n`, `${today}\n`]);
  });

  it('with Lists gives their items', () => {
    const item = { metadata, spec: { serviceClassName: 'pg' } };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
    const wanted = {
      apiVersion: beta,
      kind: 'ServiceInstance',
      metadata,
      spec: { clusterServiceClassExternalName: 'pg' },
    };
    expect(convert({ apiVersion: alpha, kind: 'InstanceList', items: [item] }).objects).toEqual([wanted]);
    expect(
      convert({
        apiVersion: 'v1',
        kind: 'List',
        items: [map, { apiVersion: alpha, kind: 'Instance', ...item }],
      }).objects,
    ).toEqual([map, wanted]);
    expect(convert({ apiVersion: 'v1', kind: 'List', items: [map] }).objects).toEqual([
      { apiVersion: 'v1', kind: 'List', items: [map] },
    ]);
  });

  it('that can not be read is passed on, and named', () => {
    const { documents, problems } = convertManifests({ name: 'a.yaml', text: 'a: [1' });
    expect(documents).toEqual(['a: [1\n']);
    expect(problems).toEqual([
      expect.stringMatching(/^a\.yaml:1: this document is passed on as it is: it can not be read: /),
    ]);
  });

  it('means to Kubernetes what it meant before: yes, octal numbers, dates', () => {
    const parameters = '{ on: yes, mode: 0755, day: 2001-01-01, word: "yes" }';
    const { documents } = convertManifests({
      name: 'a',
      text: `apiVersion: ${alpha}\nkind: Instance\nmetadata: {name: x}\nspec: {serviceClassName: pg, parameters: ${parameters}}`,
    });
    expect(load(documents[0] ?? '')).toMatchObject({
      spec: { parameters: { true: true, mode: 493, day: '2001-01-01', word: 'yes' } },
    });
    expect(documents[0]).toContain("word: 'yes'");
  });
});
