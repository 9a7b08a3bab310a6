import type { MutateCatalogDeps } from '../../../src/admission/catalog-change.ts';
import type { ResolvedInstance } from '../../../src/model/admission-resolution.ts';
import type { Offering } from '../../../src/model/resolve.ts';
import type { Decision } from '../../../src/admission/decision.ts';
import { MadeIds } from '../../../src/admission/made-ids.ts';
import { mutateCatalog } from '../../../src/admission/mutate-catalog.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import { controllerFieldManager } from '../../../src/api/group.ts';
import { queryLabels, type Labels } from '../../../src/api/labels.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { applyIndependently } from '../injection/pods.ts';
import { noWishes } from './wish-world.ts';
import { recordingAuthorize, recordingLogger, request } from './requests.ts';

export const alice = { username: 'alice', uid: 'a-1', groups: ['dev'], extra: { scopes: ['x'] } };
export const bob = { username: 'bob', uid: 'b-1' };
export const controller = { username: 'system:serviceaccount:bindery-system:bindery-controller' };
export const madeAt = '2026-01-01T00:00:00.000Z';
export const clock = { now: () => Date.parse(madeAt) };
export const uuid = '11111111-2222-4333-8444-555555555555';

/** What is written like this is the controller's; with these credentials alone it may be a person's. */
export const byController = { user: controller, fieldManager: controllerFieldManager };

export const small = resolved('pg-class', 'pg-small');
export const large = resolved('pg-class', 'pg-large');

function resolved(className: string, plan: string): ResolvedInstance & { readonly labels: Labels } {
  const refs = { clusterServiceClassRef: { name: className }, clusterServicePlanRef: { name: plan } };
  return { refs, labels: queryLabels('ServiceInstance', refs) };
}

const item = { metadata: { name: 'x' }, spec: { externalName: 'x', externalID: 'x-id' } };
export const anyOffering = { scope: 'cluster', class: item, plan: item } as unknown as Offering;

export interface World {
  readonly deps: MutateCatalogDeps;
  readonly authorize: ReturnType<typeof recordingAuthorize>;
}

export function world(overrides: Partial<MutateCatalogDeps> = {}, denied: readonly string[] = []): World {
  const authorize = recordingAuthorize(denied);
  const deps: MutateCatalogDeps = {
    ids: new MadeIds(
      () => uuid,
      clock,
      () => undefined,
    ),
    resolve: ({ clusterServicePlanExternalName }) =>
      clusterServicePlanExternalName === 'small'
        ? small
        : clusterServicePlanExternalName === 'large'
          ? large
          : undefined,
    authorize,
    holdersOf: () => [],
    isDying: async (namespace, name) => `${namespace}/${name}` === 'shop/dying',
    wishes: noWishes,
    planThatStays: () => undefined,
    offerings: { find: () => ({ kind: 'offering', offering: anyOffering }), refusal: () => undefined },
    isController: ({ user, fieldManager }) =>
      user.username === controller.username && fieldManager === controllerFieldManager,
    logger: recordingLogger(),
    ...overrides,
  };
  return { deps, authorize };
}

export async function decide(
  kind: string,
  object: JsonObject | undefined,
  fields: Partial<AdmissionRequest> = {},
  { deps } = world(),
): Promise<Decision> {
  const base = { kind, resource: `${kind.toLowerCase()}s`, name: 'x', user: alice, object };
  return mutateCatalog(request({ ...base, ...fields }), { timeoutMs: 1000 }, deps);
}

/** The object as it will be stored. */
export async function stored(
  kind: string,
  object: JsonObject,
  fields: Partial<AdmissionRequest> = {},
  here = world(),
): Promise<JsonObject> {
  const decision = await decide(kind, object, fields, here);
  expect(decision.allowed).toBe(true);
  return applyIndependently(object, decision.patch ?? []);
}

export async function update(
  kind: string,
  before: JsonObject,
  after: JsonObject,
  fields: Partial<AdmissionRequest> = {},
  here = world(),
): Promise<JsonObject> {
  return stored(kind, after, { operation: 'UPDATE', oldObject: before, ...fields }, here);
}

export function instance(spec: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { metadata: { name: 'x', namespace: 'shop', ...metadata }, spec };
}

export const selectors = { clusterServiceClassExternalName: 'pg', clusterServicePlanExternalName: 'small' };
