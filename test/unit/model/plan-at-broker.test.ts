import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { planThatStays } from '../../../src/model/plan-at-broker.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import type { Stores } from '../../../src/model/stores.ts';

const instance = { metadata: { namespace: 'n' }, spec: {} } as ServiceInstance;

function plan(id: string, planUpdatable?: boolean) {
  return { metadata: { name: id }, spec: { externalName: id, externalID: id }, status: { planUpdatable } };
}

function stays(ofClass: boolean, ofPlan: boolean | undefined, wanted: string, isKnown = true) {
  const current = plan('small', ofPlan);
  const offering = { scope: 'cluster', class: { spec: { planUpdatable: ofClass } }, plan: plan(wanted) };
  const store = { byIndex: () => (isKnown ? [current] : []) };
  const stores = { clusterServicePlans: { store } } as unknown as Stores;
  return planThatStays(instance, 'small', offering as unknown as Offering, stores);
}

describe('the plan that a broker has', () => {
  it.each([
    [false, undefined, 'small'],
    [false, false, 'small'],
    [true, false, 'small'],
    [true, undefined, undefined],
    [true, true, undefined],
    [false, true, undefined],
  ])('of a class that says %s, and says %s itself, stays: %s', (ofClass, ofPlan, expected) => {
    expect(stays(ofClass, ofPlan, 'large')).toBe(expected);
  });

  it('is nothing that is left when it is the wanted one', () => {
    expect(stays(false, false, 'small')).toBeUndefined();
  });

  it('stays by the word of the class when the catalog has forgotten it', () => {
    expect([stays(false, undefined, 'large', false), stays(true, undefined, 'large', false)]).toEqual([
      'small',
      undefined,
    ]);
  });
});
