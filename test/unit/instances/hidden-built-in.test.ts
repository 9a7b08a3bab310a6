import type { ServiceInstance, ServiceInstanceSpec } from '../../../src/api/generated/service-instance.ts';
import { builtInBrokerName } from '../../../src/api/user-provided.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { withHiddenBuiltIn } from '../../../src/instances/hidden-built-in.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';

let stores: Stores;
beforeEach(() => {
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
  offer('bindery-user-provided', builtInBrokerName);
});

function offer(name: string, clusterServiceBrokerName: string): void {
  const metadata = { name, resourceVersion: '1' };
  const spec = { clusterServiceBrokerName, externalName: 'user-provided', externalID: name };
  stores.clusterServiceClasses.store.put({ metadata, spec });
  stores.clusterServicePlans.store.put({
    metadata: { name: `${name}-default`, resourceVersion: '1' },
    spec: {
      clusterServiceBrokerName,
      clusterServiceClassRef: { name },
      externalName: 'default',
      externalID: `${name}-default`,
    },
  });
}

function told(spec: ServiceInstanceSpec): string | undefined {
  const instance = { metadata: { name: 'db', namespace: 'team', generation: 1 }, spec } as ServiceInstance;
  const conditions = withHiddenBuiltIn([], instance, stores, '2026-01-01T00:00:00Z');
  return conditions.find(({ type }) => type === 'BuiltInClassHidden')?.message;
}

describe('whoever asks for the class user-provided', () => {
  it('is told nothing while it is the built-in one', () => {
    expect(told({ clusterServiceClassExternalName: 'user-provided' })).toBeUndefined();
  });

  it('is told that it is one of a broker, and how to get the built-in one', () => {
    offer('0815', 'acme');
    const message = told({ clusterServiceClassExternalName: 'user-provided' });
    expect(message).toContain('ClusterServiceBroker "acme"');
    expect(message).toContain('clusterServiceClassName: bindery-user-provided');
  });

  it('is told nothing when the built-in one was named, or is what the instance has', () => {
    offer('0815', 'acme');
    expect(told({ clusterServiceClassName: 'bindery-user-provided' })).toBeUndefined();
    const clusterServiceClassRef = { name: 'bindery-user-provided' };
    expect(
      told({ clusterServiceClassExternalName: 'user-provided', clusterServiceClassRef }),
    ).toBeUndefined();
  });
});
