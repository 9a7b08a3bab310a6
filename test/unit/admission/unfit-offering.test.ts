import type { OfferingDeps } from '../../../src/admission/catalog-change.ts';
import { idMadeAnnotation } from '../../../src/api/group.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { anyOffering, byController, decide, instance, selectors, world } from './catalog-world.ts';

const full = 'namespace "shop" has 3 of at most 3 instances of plan "pg/small"';
const refusing: OfferingDeps = {
  find: () => ({ kind: 'offering', offering: anyOffering }),
  refusal: () => full,
};
const open: OfferingDeps = {
  find: () => ({ kind: 'plan-open', message: 'The class "pg" has more than one plan' }),
  refusal: () => undefined,
};
const unknown: OfferingDeps = {
  find: () => ({ kind: 'unknown', message: 'There is no ClusterServiceClass' }),
  refusal: () => undefined,
};

const before = instance({ ...selectors, clusterServicePlanExternalName: 'large' });
const here = instance(selectors);
const recorded = (planID: string): JsonObject => ({ ...before, status: { externalProperties: { planID } } });
const given = instance({ ...selectors, externalID: 'e' });
const fromBackup = instance({ ...selectors, externalID: 'e' }, { annotations: { [idMadeAnnotation]: 'x' } });

type Row = readonly [
  what: string,
  offerings: OfferingDeps,
  after: JsonObject,
  request: Parameters<typeof decide>[2],
  answer: 'refused' | 'warned' | 'granted',
];

const change = (oldObject: JsonObject) => ({ operation: 'UPDATE' as const, oldObject });

it.each<Row>([
  ['a new one', refusing, here, {}, 'refused'],
  ['a new one that the controller makes for a workload', refusing, here, byController, 'refused'],
  ['one that came with its id', refusing, given, {}, 'warned'],
  ['one from a backup', refusing, fromBackup, {}, 'warned'],
  ['another plan', refusing, here, change(before), 'refused'],
  ['the plan that its broker has', refusing, here, change(recorded('x-id')), 'granted'],
  ['another plan than its broker has', refusing, here, change(recorded('y-id')), 'refused'],
  ['other parameters', refusing, instance({ ...selectors, parameters: { a: 1 } }), change(here), 'granted'],
  [
    'one that is being deleted',
    refusing,
    instance(selectors, { deletionTimestamp: 'now' }),
    change(before),
    'granted',
  ],
  ['no plan where there are two', open, here, {}, 'refused'],
  ['no plan where there are two, from the controller', open, here, byController, 'granted'],
  ['no plan where there are two, with its id', open, given, {}, 'warned'],
  ['a class that is not there yet', unknown, here, {}, 'warned'],
  ['a class that is not there yet, from the controller', unknown, here, byController, 'granted'],
])('an instance with %s', async (_what, offerings, after, request, answer) => {
  const decision = await decide('ServiceInstance', after, request, world({ offerings }));
  const warnings = decision.allowed ? (decision.warnings ?? []) : [];
  expect(decision.allowed ? (warnings.length > 0 ? 'warned' : 'granted') : 'refused').toBe(answer);
  if (!decision.allowed) expect(decision).toMatchObject({ code: 403 });
});

it('is asked in whose namespace it is, by what name, and whether it has the class already', async () => {
  const asked: object[] = [];
  const offerings: OfferingDeps = {
    ...refusing,
    refusal: (_offering, wanted) => void asked.push(wanted),
  };
  await decide('ServiceInstance', here, {}, world({ offerings }));
  await decide('ServiceInstance', here, change(recorded('y-id')), world({ offerings }));
  expect(asked).toEqual([
    { namespace: 'shop', name: 'x', hasClass: false },
    { namespace: 'shop', name: 'x', hasClass: true },
  ]);
});
