import { unknownPlan } from '../../../../src/workloads/making/unfit-plan.ts';

const request = { name: 'x', mark: '', class: 'pg', plan: 'huge' };
const none = { store: { byIndex: () => [] } };

/** What is told about `huge`, of a class that has these plans. */
function told(plans: readonly string[], isRemoved = false): string | undefined {
  const classes = { store: { byIndex: () => [{ metadata: { name: 'class' } }] } };
  const objects = plans.map((externalName) => ({
    spec: { externalName },
    status: { removedFromBrokerCatalog: isRemoved },
  }));
  const stores = {
    serviceClasses: none,
    servicePlans: none,
    clusterServiceClasses: classes,
    clusterServicePlans: { store: { byIndex: () => objects } },
  };
  return unknownPlan(stores as never, 'n', request, 'cluster');
}

describe('a plan that is written into an instance', () => {
  it('is one that the class has', () => {
    expect(told(['small', 'huge'])).toBeUndefined();
  });

  it('is not one that it does not have, and what was meant is told', () => {
    expect(told(['hugee', 'small'])).toMatch(/^there is no plan "huge" of "pg"; did you mean "hugee"\?/);
    expect(told(['small', 'b'])).toMatch(/it has "b", "small"$/);
    expect(told([])).toMatch(/it has none$/);
    expect(told(['huge'], true)).toMatch(/it has none$/);
  });
});
