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

function addClass(name: string, broker: string): void {
  stores.clusterServiceClasses.store.put({
    metadata: { name, resourceVersion: '1' },
    spec: { clusterServiceBrokerName: broker, externalName: 'postgresql', externalID: name },
  });
}

/** What the condition of an instance says that asks for the same. */
function conditionMessage(plan: string): string | undefined {
  const spec = { clusterServiceClassExternalName: 'postgresql', clusterServicePlanExternalName: plan };
  const resolution = resolveOffering(spec, 'team', stores);
  return resolution.kind === 'unresolved' ? resolution.message : undefined;
}

describe('the warning about a class and plan says what the condition will say', () => {
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
