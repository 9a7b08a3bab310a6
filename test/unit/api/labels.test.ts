import {
  clusterServiceClassLabels,
  clusterServicePlanLabels,
  instanceLabels,
  queryLabel,
  serviceClassLabels,
  servicePlanLabels,
} from '../../../src/api/labels.ts';

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
    expect(queryLabel('spec.externalID', value)).toEqual({ 'servicecatalog.k8s.io/spec.externalID': hash });
  });

  const common = { externalID: id, externalName: 'postgresql' };

  it.each([
    [
      'ClusterServiceClass',
      clusterServiceClassLabels({ ...common, clusterServiceBrokerName: 'b' }),
      ['spec.clusterServiceBrokerName', 'spec.externalID', 'spec.externalName'],
    ],
    [
      'ServiceClass',
      serviceClassLabels({ ...common, serviceBrokerName: 'b' }),
      ['spec.externalID', 'spec.externalName', 'spec.serviceBrokerName'],
    ],
    [
      'ClusterServicePlan',
      clusterServicePlanLabels({
        ...common,
        clusterServiceBrokerName: 'b',
        clusterServiceClassRef: { name: 'c' },
      }),
      [
        'spec.clusterServiceBrokerName',
        'spec.clusterServiceClassRef.name',
        'spec.externalID',
        'spec.externalName',
      ],
    ],
    [
      'ServicePlan',
      servicePlanLabels({ ...common, serviceBrokerName: 'b', serviceClassRef: { name: 'c' } }),
      ['spec.externalID', 'spec.externalName', 'spec.serviceBrokerName', 'spec.serviceClassRef.name'],
    ],
    [
      'ServiceInstance of the cluster catalog',
      instanceLabels({ clusterServiceClassRef: { name: id }, clusterServicePlanRef: { name: planId } }),
      ['spec.clusterServiceClassRef.name', 'spec.clusterServicePlanRef.name'],
    ],
    [
      'ServiceInstance of the catalog of a namespace',
      instanceLabels({ serviceClassRef: { name: id }, servicePlanRef: { name: planId } }),
      ['spec.serviceClassRef.name', 'spec.servicePlanRef.name'],
    ],
    ['unresolved ServiceInstance', instanceLabels({ clusterServiceClassExternalName: 'postgresql' }), []],
  ])('of a %s name the fields that it is searched by', (_kind, labels, expected) => {
    expect(suffixes(labels)).toEqual(expected);
  });

  it('of an instance hash the names of class and plan', () => {
    expect(instanceLabels({ clusterServiceClassRef: { name: id } })).toEqual({
      'servicecatalog.k8s.io/spec.clusterServiceClassRef.name': idHash,
    });
  });
});
