import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { offeringOf } from '../../../src/model/offering-of.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

let stores: Stores;
beforeEach(() => {
  // Nothing is listed or watched: the stores are filled by hand.
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
});

/** A class of the id `pg` with a plan of the id `pg-small`, under names of their own and in a scope. */
function addOffering(className: string, planName: string, namespace?: string): void {
  const metadata = (name: string) => ({ name, resourceVersion: '1', ...(namespace && { namespace }) });
  const ofClass = { externalName: 'postgresql', externalID: 'pg' };
  const ofPlan = { externalName: 'small', externalID: 'pg-small' };
  if (namespace === undefined) {
    const broker = { clusterServiceBrokerName: 'acme' };
    const clusterServiceClassRef = { name: className };
    stores.clusterServiceClasses.store.put({
      metadata: metadata(className),
      spec: { ...broker, ...ofClass },
    });
    stores.clusterServicePlans.store.put({
      metadata: metadata(planName),
      spec: { ...broker, ...ofPlan, clusterServiceClassRef },
    });
    return;
  }
  const broker = { serviceBrokerName: 'acme' };
  const serviceClassRef = { name: className };
  stores.serviceClasses.store.put({ metadata: metadata(className), spec: { ...broker, ...ofClass } });
  stores.servicePlans.store.put({
    metadata: metadata(planName),
    spec: { ...broker, ...ofPlan, serviceClassRef },
  });
}

/** Its spec means nothing any more; its broker was told of `pg` and `pg-small`. */
function misspelt(kind: 'ClusterServiceBroker' | 'ServiceBroker'): ServiceInstance {
  const externalProperties = { serviceID: 'pg', planID: 'pg-small', broker: { kind, name: 'acme' } };
  return {
    metadata: { name: 'db', namespace: 'team' },
    spec: { clusterServiceClassExternalName: 'postgresq' },
    status: { externalProperties },
  };
}

describe('what the broker was told of an instance whose spec can not be resolved', () => {
  it.each([
    ['ClusterServiceBroker', undefined],
    ['ServiceBroker', 'team'],
  ] as const)('%s: is what its catalog has, and no copy that somebody made', (kind, namespace) => {
    addOffering('a-copy', 'a-copied-plan', namespace);
    addOffering('pg', 'pg-small', namespace);
    const offering = offeringOf(misspelt(kind), stores);
    expect(offering?.class.metadata.name).toBe('pg');
    expect(offering?.plan.metadata.name).toBe('pg-small');
  });

  it('is nothing while the catalog is not known', () => {
    expect(offeringOf(misspelt('ClusterServiceBroker'), stores)).toBeUndefined();
  });
});
