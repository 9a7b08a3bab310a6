import type { JsonObject } from '../../../src/base/json.ts';
import { requestedName } from '../../../src/api/requested-identity.ts';
import { key } from '../injection/pods.ts';
import { db, decide, deployment, world } from './workload-world.ts';

const source = { [db]: 'request/pg/small' };
const share = key('share.bind', 'db');
const reclaim = key('reclaim.bind', 'db');

describe('a workload whose name does not last', () => {
  const generated = (template: Record<string, string>): JsonObject => ({
    ...deployment({}, template),
    metadata: { generateName: 'web-', namespace: 'shop' },
  });
  const made = (template: Record<string, string>, own: Record<string, string> = {}): JsonObject => ({
    ...deployment(own, template),
    metadata: {
      name: 'web',
      namespace: 'shop',
      annotations: own,
      ownerReferences: [
        {
          apiVersion: 'serving.knative.dev/v1',
          kind: 'Revision',
          name: 'web-00001',
          uid: 'u',
          controller: true,
        },
      ],
    },
  });

  it.each([
    ['generated', generated(source), 'its name is generated'],
    ['of somebody else’s controller', made(source), 'it is made by Revision "web-00001"'],
  ])('can not ask for a service of its own: %s', async (_what, object, reason) => {
    const decision = await decide(object, world());
    expect(decision).toMatchObject({ allowed: false, code: 422 });
    expect(decision.message).toContain(reason);
    expect(decision.message).toContain('add share.bind.servicecatalog.k8s.io/db: <id>');
  });

  it.each([
    ['a share', generated({ ...source, [share]: 'team-db' })],
    ['the service of another workload', made({ ...source, [share]: 'Deployment/web' })],
    ['an instance that is there', generated({ [db]: 'instance/known' })],
    ['a binding that is there', made({ [db]: 'binding/known' })],
  ])('can ask for %s', async (_what, object) => {
    expect(await decide(object, world())).toMatchObject({ allowed: true });
  });

  it('keeps what it asked for before somebody adopted it, and may change its plan', async () => {
    const update = { operation: 'UPDATE', oldObject: made(source) };
    const changed = made({ [db]: 'request/pg/large' });
    for (const object of [{ ...made(source), status: {} }, changed])
      expect(await decide(object, world(), update)).toMatchObject({ allowed: true });
  });

  it('can not ask for more without a share', async () => {
    const update = { operation: 'UPDATE', oldObject: made(source) };
    const more = made({ ...source, [key('bind', 'other')]: 'request/pg/small' });
    expect(await decide(more, world(), update)).toMatchObject({ code: 422 });
  });
});

describe('an edit that leads to another service', () => {
  const instance = requestedName('shop', {
    of: 'workload',
    workload: { kind: 'Deployment', name: 'web' },
    binding: 'db',
    class: 'pg',
  });
  const warningsOf = async (template: Record<string, string>, old: Record<string, string> = source) => {
    const update = { operation: 'UPDATE', oldObject: deployment({}, old) };
    const { allowed, warnings = [] } = await decide(deployment({}, template), world(), update);
    expect(allowed).toBe(true);
    return warnings.filter((text) => text.includes('kept'));
  };

  it.each([
    ['the class', { [db]: 'request/redis/small' }],
    ['the key', { [key('bind', 'database')]: 'request/pg/small' }],
    ['the share', { ...source, [share]: 'team' }],
    ['the source', { [db]: 'binding/known' }],
    ['nothing left', {}],
  ])('names the one that is kept, for how long, and the way back: %s', async (_what, template) => {
    expect(await warningsOf(template)).toEqual([
      `binding "db": ServiceInstance "${instance}" is asked for no more here and kept for its grace time, with its data; ` +
        'to come back to it: bind.servicecatalog.k8s.io/db: request/pg/small',
    ]);
  });

  it.each([
    ['30d', 'kept for its grace time of 30d'],
    ['36h', 'kept for its grace time of 36h'],
    ['keep', 'kept until somebody deletes it'],
    ['delete', 'kept for its grace time,'],
  ])('says how long with reclaim %s', async (value, text) => {
    expect(await warningsOf({}, { ...source, [reclaim]: value })).toEqual([expect.stringContaining(text)]);
  });

  it('says by which share', async () => {
    expect(await warningsOf(source, { ...source, [share]: 'Deployment/old' })).toEqual([
      expect.stringContaining(', share.bind.servicecatalog.k8s.io/db: Deployment/old'),
    ]);
  });

  it.each([
    ['the plan', { [db]: 'request/pg/large' }],
    ['parameters', { ...source, [key('params.bind', 'db')]: '{"a":1}' }],
    ['a share that is the workload itself', { ...source, [share]: 'Deployment/web' }],
  ])('is not one of %s', async (_what, template) => {
    expect(await warningsOf(template)).toEqual([]);
  });
});

describe('a time to keep it', () => {
  it.each([
    ['delete', 'user "alice" may not delete serviceinstances.servicecatalog.k8s.io in namespace "shop"'],
    ['6d', `which the annotation ${reclaim} asks for`],
  ])('of %s needs the right to delete', async (value, text) => {
    const object = deployment({}, { ...source, [reclaim]: value });
    const decision = await decide(object, world(['delete serviceinstances']));
    expect(decision).toMatchObject({ allowed: false, code: 403 });
    expect(decision.message).toContain(text);
    expect(await decide(object, world())).toMatchObject({ allowed: true });
  });

  it.each(['keep', '7d', '30d'])('of %s needs none', async (value) => {
    const here = world(['delete serviceinstances']);
    expect(await decide(deployment({}, { ...source, [reclaim]: value }), here)).toMatchObject({
      allowed: true,
    });
  });

  it.each([
    ['keep', '7d', true],
    ['30d', '7d', true],
    ['for ever', '7d', true],
    ['keep', 'keep', false],
    ['30d', '31d', false],
    ['1h', '2h', true],
    ['delete', '7d', false],
  ])('in a namespace that says %s is measured against that as well: %s', async (said, value, isSooner) => {
    const here = world(['delete serviceinstances'], { namespaceReclaim: () => said });
    const decision = await decide(deployment({}, { ...source, [reclaim]: value }), here);
    expect(decision).toMatchObject(isSooner ? { code: 403 } : { allowed: true });
  });

  it('is measured against what the cluster has', async () => {
    const here = world(['delete serviceinstances'], { requestReclaimMs: 3_600_000 });
    expect(await decide(deployment({}, { ...source, [reclaim]: '2h' }), here)).toMatchObject({
      allowed: true,
    });
    expect(await decide(deployment({}, { ...source, [reclaim]: '30m' }), here)).toMatchObject({ code: 403 });
  });

  it.each([
    [reclaim, 'soon', 'reclaim "soon" is not delete, keep or a time'],
    [share, 'Not An Id', 'share "Not An Id" is neither'],
  ])('%s: %s is refused when it is new, and only warned about later', async (name, value, text) => {
    const object = deployment({}, { ...source, [name]: value });
    const refused = await decide(object, world());
    expect(refused).toMatchObject({ code: 422 });
    expect(refused.message).toContain(text);
    const update = { operation: 'UPDATE', oldObject: object };
    const allowed = await decide({ ...object, status: {} }, world(), update);
    expect(allowed.allowed).toBe(true);
    expect(allowed.warnings).toContainEqual(expect.stringContaining(text));
  });
});
