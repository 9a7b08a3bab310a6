import type { AdmissionRequest } from '../../../src/admission/review.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import { alice, byController, decide, selectors, world, type World } from './catalog-world.ts';

const held = 'held-id';

function holding(denied: readonly string[] = []): World {
  const holdersOf = (kind: string, id: string) =>
    kind.startsWith('Service') && id === held ? [{ namespace: 'theirs', name: 'db' }] : [];
  return world({ holdersOf }, denied);
}

describe.each([
  ['ServiceInstance', selectors, 'serviceinstances'],
  ['ServiceBinding', { instanceRef: { name: 'i' } }, 'servicebindings'],
])('an id that a new %s comes with', (kind, spec, resource) => {
  const object = (externalID?: string): JsonObject => ({
    metadata: { name: 'x' },
    spec: externalID === undefined ? spec : { ...spec, externalID },
  });
  const asked = (fields: Partial<AdmissionRequest> = {}, here = holding(), externalID = held) =>
    decide(kind, object(externalID), { resource, ...fields }, here);

  it('is refused when another has it, who is named to those who may read it', async () => {
    const here = holding();
    const { allowed, code, message } = await asked({}, here);
    expect({ allowed, code }).toEqual({ allowed: false, code: 403 });
    expect(message).toBe(
      `spec.externalID "held-id" is held by ${kind} "theirs/db": leave it out to have a new one`,
    );
    expect(here.authorize.asked).toEqual([
      {
        user: alice,
        namespace: 'theirs',
        verb: 'get',
        group: 'servicecatalog.k8s.io',
        resource,
        name: 'db',
      },
    ]);
  });

  it('is refused without a name to others, also when nobody says what they may', async () => {
    const refusal = `spec.externalID "held-id" is held by another ${kind}: leave it out to have a new one`;
    expect((await asked({}, holding([`get ${resource}`]))).message).toBe(refusal);
    const silent = { ...holding().deps, authorize: () => Promise.reject(new Error('no answer')) };
    expect((await asked({}, world(silent))).message).toBe(refusal);
  });

  it('is refused to the controller without a name of another namespace: Events tell tenants what it is told', async () => {
    const refusal = `spec.externalID "held-id" is held by another ${kind}: leave it out to have a new one`;
    expect((await asked(byController)).message).toBe(refusal);
    expect((await asked({ ...byController, namespace: 'theirs' })).message).toContain('"theirs/db"');
  });

  it('is its own when the object that has it has this name: the API server says that it exists', async () => {
    expect((await asked({ namespace: 'theirs', name: 'db' })).allowed).toBe(true);
  });

  it('can be had when nobody has it', async () => {
    expect((await asked({}, holding(), 'free')).allowed).toBe(true);
  });

  it('can not be filled in later when another has it; what was there stays', async () => {
    const update = { operation: 'UPDATE' } as const;
    expect((await asked({ ...update, oldObject: object() })).allowed).toBe(false);
    expect((await asked({ ...update, oldObject: object(held) })).allowed).toBe(true);
  });
});
