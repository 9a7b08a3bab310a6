import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { offeringProblem } from '../../../src/model/admission-resolution.ts';
import { resolveOffering } from '../../../src/model/resolve.ts';
import { createStores, type Stores } from '../../../src/model/stores.ts';
import type { KubeClient } from '../../../src/kube/client.ts';

let stores: Stores;
beforeEach(() => {
  // Nothing is listed or watched: the stores are filled by hand.
  stores = createStores({ client: {} as KubeClient, logger: silentLogger });
});

function addClass(name: string, broker: string, spec: object = {}, status: object = {}): void {
  stores.clusterServiceClasses.store.put({
    metadata: { name, resourceVersion: '1' },
    spec: { clusterServiceBrokerName: broker, externalName: 'postgresql', externalID: name, ...spec },
    status,
  });
}

function addPlan(of: string, spec: object = {}, status: object = {}): void {
  stores.clusterServicePlans.store.put({
    metadata: { name: `small-of-${of}`, resourceVersion: '1' },
    spec: { externalName: 'small', externalID: 'p', clusterServiceClassRef: { name: of }, ...spec },
    status,
  } as ClusterServicePlan);
}

/** What the condition of an instance says that asks for the same. */
function conditionMessage(plan: string): string | undefined {
  const spec = { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: plan };
  const resolution = resolveOffering(spec, 'team', stores);
  return resolution.kind === 'unresolved' ? resolution.message : undefined;
}

describe('(61) the warning about a class and plan says what the condition will say', () => {
  it.each([
    ['of a class that nobody offers', [], 'There is no ClusterServiceClass with externalName "postgresql"'],
    [
      'of a class that two brokers offer',
      ['acme', 'other'],
      'There are 2 ClusterServiceClasses with externalName "postgresql", of the brokers acme, other',
    ],
    ['of a plan that the class does not have', ['acme'], 'The class "postgresql" has no plan with'],
  ] as const)('%s', (_title, brokers, text) => {
    for (const broker of brokers) addClass(`pg-of-${broker}`, broker);
    const problem = offeringProblem(stores)('postgresql', 'small', 'team');
    expect(problem).toContain(text);
    expect(problem).toBe(conditionMessage('small'));
  });
});

describe('(61) a class and plan that are there', () => {
  it.each([
    ['of a plan that has bindings', {}, {}, undefined],
    [
      'of a plan that has none',
      {},
      { bindable: false },
      'Class "postgresql" with plan "small" can not be bound; ',
    ],
    ['of a class that has none, but for this plan', { bindable: false }, { bindable: true }, undefined],
    ['of a class that has none', { bindable: false }, {}, 'can not be bound; ask for a bindable plan'],
  ])('%s', (_title, ofClass, ofPlan, text) => {
    addClass('pg', 'acme', { bindable: true, ...ofClass });
    addPlan('pg', ofPlan);
    const problem = offeringProblem(stores)('postgresql', 'small', 'team');
    if (text === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(text);
  });

  it.each(['class', 'plan'])('of a %s that has left the catalog nothing new is made', (what) => {
    const status = { removedFromBrokerCatalog: true };
    addClass('pg', 'acme', { bindable: true }, what === 'class' ? status : {});
    addPlan('pg', {}, what === 'plan' ? status : {});
    expect(offeringProblem(stores)('postgresql', 'small', 'team')).toMatch(
      /^(Class|Plan) "\w+" has left its catalog/,
    );
  });

  it('a class that has left the catalog of the namespace’s own broker gives way to one that is offered', () => {
    addClass('pg', 'acme', { bindable: true });
    addPlan('pg');
    stores.serviceClasses.store.put({
      metadata: { name: 'own', namespace: 'team', resourceVersion: '1' },
      spec: { serviceBrokerName: 'own', externalName: 'postgresql', externalID: 'own' },
      status: { removedFromBrokerCatalog: true },
    });
    expect(offeringProblem(stores)('postgresql', 'small', 'team')).toBeUndefined();
  });
});
