import {
  brokerKey,
  brokerRefFromKey,
  brokerRefOf,
  describeBroker,
  type BrokerOwned,
  type BrokerRef,
} from '../../../src/brokers/broker-ref.ts';

const cluster: BrokerRef = { kind: 'ClusterServiceBroker', name: 'a' };
const namespaced: BrokerRef = { kind: 'ServiceBroker', namespace: 'n', name: 'b' };

describe('the broker that an object belongs to', () => {
  const cases: readonly [string, BrokerOwned, BrokerRef][] = [
    ['of a ClusterServiceBroker: itself', { metadata: { name: 'a' }, spec: { url: 'http://x' } }, cluster],
    ['of a ServiceBroker: itself', { metadata: { name: 'b', namespace: 'n' }, spec: {} }, namespaced],
    [
      'of a ClusterServiceClass or -Plan',
      { metadata: { name: 'c' }, spec: { clusterServiceBrokerName: 'a' } },
      cluster,
    ],
    [
      'of a ServiceClass or ServicePlan: in its own namespace',
      { metadata: { name: 'c', namespace: 'n' }, spec: { serviceBrokerName: 'b' } },
      namespaced,
    ],
  ];

  it.each(cases)('%s', (_name, object, ref) => {
    expect(brokerRefOf(object)).toEqual(ref);
  });

  it.each([
    ['a', cluster],
    ['n/b', namespaced],
  ])('has the key %s, which leads back to it', (key, ref) => {
    expect(brokerKey(ref)).toBe(key);
    expect(brokerRefFromKey(key)).toEqual(ref);
  });

  it('is described with kind and key', () => {
    expect([describeBroker(cluster), describeBroker(namespaced)]).toEqual([
      'ClusterServiceBroker "a"',
      'ServiceBroker "n/b"',
    ]);
  });
});
