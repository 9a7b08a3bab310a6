import { catalog, plans, serviceId } from '../../../demo/postgres-broker/catalog.ts';
import {
  parseBindRequest,
  parseProvisionRequest,
  parseUpdateRequest,
} from '../../../demo/postgres-broker/requests.ts';

const [small, large] = plans;
const provision = {
  service_id: serviceId,
  plan_id: small?.id,
  organization_guid: 'o',
  space_guid: 's',
};

it('reads good requests', () => {
  expect(parseProvisionRequest(provision)).toEqual({ plan: small, parameters: {} });
  expect(parseUpdateRequest({ service_id: serviceId })).toEqual({ plan: undefined, parameters: undefined });
  expect(parseUpdateRequest({ service_id: serviceId, plan_id: large?.id, parameters: {} })).toEqual({
    plan: large,
    parameters: {},
  });
  expect(parseBindRequest({ ...provision, predecessor_binding_id: 'b' })).toEqual({
    plan: small,
    predecessorId: 'b',
  });
});

it.each([
  ['no object', [], 'the body must be a JSON object'],
  ['another service', { ...provision, service_id: 'x' }, 'service_id is not in the catalog'],
  ['another plan', { ...provision, plan_id: 'x' }, 'plan_id is not in the catalog'],
  [
    'no organization',
    { ...provision, organization_guid: '' },
    'organization_guid must be a non-empty string',
  ],
  ['no space', { ...provision, space_guid: undefined }, 'space_guid must be a non-empty string'],
])('refuses to provision with %s', (_name, body, reason) => {
  expect(parseProvisionRequest(body)).toBe(reason);
});

it.each([
  ['another plan', { ...provision, plan_id: 'x' }, 'plan_id is not in the catalog'],
  ['parameters', { ...provision, parameters: { a: 1 } }, 'a binding has no parameters'],
  [
    'an empty predecessor',
    { ...provision, predecessor_binding_id: '' },
    'predecessor_binding_id must be a non-empty string',
  ],
])('refuses to bind with %s', (_name, body, reason) => {
  expect(parseBindRequest(body)).toBe(reason);
});

it('offers a catalog that OSB allows: ids and names unique, schemas small and self-contained', () => {
  const [service] = catalog.services;
  const ids = [service.id, ...service.plans.map((plan) => plan.id)];
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(service.plans.map((plan) => plan.name)).size).toBe(service.plans.length);
  for (const { schemas } of service.plans) {
    const all = [
      schemas.service_instance.create,
      schemas.service_instance.update,
      schemas.service_binding.create,
    ];
    for (const { parameters } of all) {
      expect(parameters.$schema).toMatch(/^http:\/\/json-schema\.org\//);
      expect(JSON.stringify(parameters)).not.toContain('$ref');
      expect(JSON.stringify(parameters).length).toBeLessThan(64_000);
    }
  }
});
