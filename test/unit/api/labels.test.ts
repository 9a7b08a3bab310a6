import { labelCorrections, queryLabels } from '../../../src/api/labels.ts';

const id = '4f6e6cf6-ffdd-425f-a2c7-3c9258ad2468';
const idHash = 'e4e02e7aedb3d750ea411ce07935bf20814fbd4e89f2f98ca21aa1be';
const planId = '86064792-7ea2-467b-af93-ac9694d96d52';
const planHash = '6fc45195ba32936c59cf776def937aab78c1c63b685983d71bf5883c';

const suffixes = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(labels)
    .map((key) => key.replace('servicecatalog.k8s.io/', ''))
    .sort();

describe('query labels', () => {
  it.each([
    [id, idHash],
    [planId, planHash],
  ])('hold the SHA-224 of %s', (value, hash) => {
    expect(queryLabels('ClusterServiceClass', { externalID: value })).toEqual({
      'servicecatalog.k8s.io/spec.externalID': hash,
    });
  });

  const common = { externalID: id, externalName: 'postgresql' };

  it.each([
    [
      'ClusterServiceClass',
      { ...common, clusterServiceBrokerName: 'b' },
      ['spec.clusterServiceBrokerName', 'spec.externalID', 'spec.externalName'],
    ],
    [
      'ServiceClass',
      { ...common, serviceBrokerName: 'b' },
      ['spec.externalID', 'spec.externalName', 'spec.serviceBrokerName'],
    ],
    [
      'ClusterServicePlan',
      { ...common, clusterServiceBrokerName: 'b', clusterServiceClassRef: { name: 'c' } },
      [
        'spec.clusterServiceBrokerName',
        'spec.clusterServiceClassRef.name',
        'spec.externalID',
        'spec.externalName',
      ],
    ],
    [
      'ServicePlan',
      { ...common, serviceBrokerName: 'b', serviceClassRef: { name: 'c' } },
      ['spec.externalID', 'spec.externalName', 'spec.serviceBrokerName', 'spec.serviceClassRef.name'],
    ],
    [
      'ServiceInstance',
      { clusterServiceClassRef: { name: id }, clusterServicePlanRef: { name: planId } },
      ['spec.clusterServiceClassRef.name', 'spec.clusterServicePlanRef.name'],
    ],
    [
      'ServiceInstance',
      { serviceClassRef: { name: id }, servicePlanRef: { name: planId } },
      ['spec.serviceClassRef.name', 'spec.servicePlanRef.name'],
    ],
    ['ServiceInstance', { clusterServiceClassExternalName: 'postgresql' }, []],
    ['ServiceBinding', { externalID: id }, []],
  ])('of a %s with %j name the fields that it is searched by', (kind, spec, expected) => {
    expect(suffixes(queryLabels(kind, spec))).toEqual(expected);
  });

  it('of an instance hash the names of class and plan', () => {
    expect(queryLabels('ServiceInstance', { clusterServiceClassRef: { name: id } })).toEqual({
      'servicecatalog.k8s.io/spec.clusterServiceClassRef.name': idHash,
    });
  });

  it('of what no schema has checked yet are those that can be told', () => {
    const spec = { externalID: 5, externalName: null, clusterServiceClassRef: 'c' };
    expect(queryLabels('ClusterServicePlan', spec)).toEqual({});
  });
});

describe('wrong query labels', () => {
  const key = 'servicecatalog.k8s.io/spec.clusterServiceClassRef.name';
  const planKey = 'servicecatalog.k8s.io/spec.clusterServicePlanRef.name';
  const spec = { clusterServiceClassRef: { name: id } };

  it.each([
    ['missing', undefined, { [key]: idHash }],
    ['of another', { [key]: planHash, mine: '1' }, { [key]: idHash }],
    ['of what is not there any more', { [key]: idHash, [planKey]: planHash }, { [planKey]: null }],
    ['none', { [key]: idHash, mine: '1' }, undefined],
  ])('%s', (_title, carried, expected) => {
    expect(labelCorrections('ServiceInstance', spec, carried)).toEqual(expected);
  });
});
