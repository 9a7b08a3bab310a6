import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import { clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { TestBroker } from '../../support/test-broker/test-broker.ts';
import type { CatalogDocument } from '../../support/test-broker/sample-catalog.ts';

/** Each with something that only this draft, or an older one, has. */
const drafts: Readonly<Record<string, object>> = {
  'draft-04': {
    $schema: 'http://json-schema.org/draft-04/schema#',
    id: 'http://schemas.example/04',
    type: 'object',
    properties: { size: { type: 'number', minimum: 0, exclusiveMinimum: true } },
  },
  'draft-06': {
    $schema: 'http://json-schema.org/draft-06/schema#',
    $id: 'http://schemas.example/06',
    properties: { size: { exclusiveMinimum: 0, const: 1, examples: [1] }, never: false },
  },
  'draft-07': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    if: { required: ['size'] },
    else: { properties: { size: { contentEncoding: 'base64', $comment: 'why' } } },
  },
  '2019-09': {
    $schema: 'https://json-schema.org/draft/2019-09/schema',
    $recursiveAnchor: true,
    $defs: { part: { $anchor: 'part', unevaluatedProperties: false, dependentRequired: { a: ['b'] } } },
  },
  '2020-12': {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $dynamicAnchor: 'node',
    properties: { list: { prefixItems: [{ type: 'string' }], items: false } },
  },
};

let world: ServiceWorld;
let elsewhere: TestBroker;
beforeAll(async () => {
  elsewhere = await TestBroker.start();
  world = await ServiceWorld.start({ catalog: catalog() });
}, 60_000);
afterAll(async () => {
  await world?.stop();
  await elsewhere?.stop();
});

function schemaOf(draft: string): object {
  return { ...drafts[draft], allOf: [{ $ref: `${elsewhere.url}/schemas/${draft}.json#/part` }] };
}

function catalog(): CatalogDocument {
  const plans = Object.keys(drafts).map((draft) => {
    const parameters = schemaOf(draft);
    const schemas = {
      service_instance: { create: { parameters }, update: { parameters } },
      service_binding: { create: { parameters } },
    };
    return { id: `plan-${draft}`, name: draft, description: 'one', schemas };
  });
  return { services: [{ id: 'service', name: 'service', description: 'one', bindable: true, plans }] };
}

describe('the schemas of a plan', () => {
  it.each(Object.keys(drafts))('P22 of %s are kept as they are, each in its place', async (draft) => {
    const { items } = await world.client.list<ClusterServicePlan>(clusterServicePlans);
    const plan = items.find(({ spec }) => spec.externalName === draft);
    const schema = schemaOf(draft);
    expect(plan?.spec.instanceCreateParameterSchema).toEqual(schema);
    expect(plan?.spec.instanceUpdateParameterSchema).toEqual(schema);
    expect(plan?.spec.serviceBindingCreateParameterSchema).toEqual(schema);
  });

  it('P22 are never followed to another place, also when an instance is made with parameters', async () => {
    const names = Object.keys(drafts).map((draft) => `db-${draft}`);
    for (const [index, draft] of Object.keys(drafts).entries()) {
      await world.createInstance(names[index] ?? '', {
        clusterServiceClassExternalName: 'service',
        clusterServicePlanExternalName: draft,
        parameters: { size: 'not what the schema says', list: [1, 2] },
      });
    }
    for (const name of names) await world.instance(name, isReady, 'is ready');
    expect(elsewhere.connections).toBe(0);
    for (const name of names) await world.remove(serviceInstances, name);
    for (const name of names) await world.gone(serviceInstances, name);
    expect(world.broker.violations).toEqual([]);
  });
});
