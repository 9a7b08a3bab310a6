import type { ServiceInstanceSpec } from '../../../src/api/generated/service-instance.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { resolveOffering } from '../../../src/model/resolve.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

interface Gone {
  readonly gone?: boolean;
}

let stores: Stores;
beforeEach(() => {
  // Nothing is listed or watched: the stores are filled by hand.
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
});

const status = ({ gone = false }: Gone) => ({ status: { removedFromBrokerCatalog: gone } });

function addClass(name: string, externalName: string, broker = 'acme', options: Gone = {}): void {
  stores.clusterServiceClasses.store.put({
    metadata: { name, resourceVersion: '1' },
    spec: { clusterServiceBrokerName: broker, externalName, externalID: name },
    ...status(options),
  });
}

function addPlan(name: string, externalName: string, className: string, options: Gone = {}): void {
  stores.clusterServicePlans.store.put({
    metadata: { name, resourceVersion: '1' },
    spec: {
      clusterServiceBrokerName: 'acme',
      clusterServiceClassRef: { name: className },
      externalName,
      externalID: name,
    },
    ...status(options),
  });
}

/** Name of the plan, or why there is none. */
function resolved(className: string, plan?: string): string {
  const spec: ServiceInstanceSpec = {
    clusterServiceClassExternalName: className,
    ...(plan === undefined ? {} : { clusterServicePlanExternalName: plan }),
  };
  const resolution = resolveOffering(spec, 'team', stores);
  return resolution.kind === 'resolved' ? resolution.offering.plan.metadata.name : resolution.message;
}

describe('the class and plan of an instance', () => {
  it('a plan that left the catalog is still found, although other classes offer one of that name', () => {
    addClass('pg', 'postgresql');
    addClass('my', 'mysql');
    addPlan('pg-small', 'small', 'pg', { gone: true });
    addPlan('my-small', 'small', 'my');
    expect(resolved('postgresql', 'small')).toBe('pg-small');
  });

  it('a plan in the catalog comes before one of the same name that left it', () => {
    addClass('pg', 'postgresql');
    addPlan('old', 'small', 'pg', { gone: true });
    addPlan('new', 'small', 'pg');
    expect(resolved('postgresql', 'small')).toBe('new');
  });

  it('says how to see what there is when there is no such class', () => {
    expect(resolved('postgres', 'small')).toBe(
      'There is no ClusterServiceClass with externalName "postgres"; it is looked for again when one appears. ' +
        '`kubectl get clusterserviceclasses.servicecatalog.k8s.io` lists those that exist.',
    );
  });

  it('names the brokers of classes that share a name', () => {
    addClass('a', 'postgresql', 'zeta');
    addClass('b', 'postgresql', 'acme');
    expect(resolved('postgresql', 'small')).toContain(
      'There are 2 ClusterServiceClasses with externalName "postgresql", of the brokers acme, zeta: name one by',
    );
  });

  it.each([
    ['tiny', 'The class "postgresql" has no plan with externalName "tiny". It has large, small.'],
    [
      undefined,
      'The class "postgresql" has more than one plan, PlanName must be specified. It has large, small.',
    ],
  ])('names the plans that there are when plan %s is not among them', (plan, message) => {
    addClass('pg', 'postgresql');
    addPlan('s', 'small', 'pg');
    addPlan('l', 'large', 'pg');
    addPlan('g', 'gone', 'pg', { gone: true });
    expect(resolved('postgresql', plan)).toBe(message);
  });

  it('names ten plans of many', () => {
    addClass('pg', 'postgresql');
    for (let index = 10; index < 22; index++) addPlan(`p${index}`, `plan-${index}`, 'pg');
    expect(resolved('postgresql', 'tiny')).toMatch(/It has plan-10, .*plan-19 and 2 more\.$/);
  });
});
