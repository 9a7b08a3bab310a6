import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import type { JsonObject } from '../../../src/base/json.ts';
import type { AdmissionRequest } from '../../../src/admission/review.ts';
import { applyIndependently, key } from '../injection/pods.ts';
import { db, decide, deployment, world, type World } from './workload-world.ts';

const source = { [db]: 'request/pg/small' };
const noRights = ['create serviceinstances', 'create servicebindings'];
const bob = { username: 'bob' };

interface Metadata {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Who asks, according to the object that is stored; what was said instead when nothing is. */
async function askedBy(
  object: JsonObject,
  here: World = world(),
  fields: Partial<AdmissionRequest> = {},
): Promise<string | undefined> {
  const decision = await decide(object, here, fields);
  if (!decision.allowed) return decision.message;
  const { metadata } = applyIndependently(object, decision.patch ?? []) as { readonly metadata: Metadata };
  return metadata.annotations?.[by];
}

const owned = (
  object: JsonObject,
  apiVersion: string,
  kind: string,
  labels: JsonObject = {},
): JsonObject => ({
  ...object,
  metadata: {
    ...(object['metadata'] as JsonObject),
    labels,
    name: 'web-abc',
    ownerReferences: [{ apiVersion, kind, name: 'web', uid: 'u', controller: true }],
  },
});

describe('at creation', () => {
  it.each([
    ['on the workload', deployment(source)],
    ['on its template', deployment({}, source)],
    ['with a name that its manifest says', deployment({ [by]: 'admin' }, source)],
    ['for a binding that is there', deployment({ [db]: 'binding/known' })],
  ])('who writes it asks for what stands %s', async (_where, object) => {
    expect(await askedBy(object)).toBe('alice');
  });

  it('nobody asks where nothing is asked for', async () => {
    expect(await askedBy(deployment({ [key('env.bind', 'db')]: '*', [by]: 'admin' }))).toBeUndefined();
  });

  it('needs the rights', async () => {
    expect(await askedBy(deployment({}, source), world(noRights))).toContain('user "alice" may not create');
  });

  it('is again nothing to do when the webhook is called twice', async () => {
    const object = deployment({}, { ...source });
    const { patch = [] } = await decide(object, world());
    const again = await decide(applyIndependently(object, patch), world());
    expect(again.patch ?? []).toEqual([]);
  });
});

describe('a change', () => {
  const before = deployment({ [by]: 'alice' }, { ...source, [key('env.bind', 'db')]: 'A=b' });
  const update = { operation: 'UPDATE', oldObject: before, user: bob };
  const with_ = (
    template: Record<string, string>,
    own: Record<string, string> = { [by]: 'alice' },
  ): JsonObject => deployment(own, template);

  it.each<[string, JsonObject, string | undefined]>([
    ['of what is asked for', with_({ [db]: 'request/pg/large' }), 'bob'],
    ['that leaves it alone', { ...before, status: {} }, 'alice'],
    ['of variables', with_({ ...source, [key('env.bind', 'db')]: 'B=c' }), 'alice'],
    ['by a manifest that does not know who asked', deployment({}, source), 'alice'],
    ['of the name by hand', with_({ ...source }, { [by]: 'carol' }), 'bob'],
    ['that asks no more', with_({}), undefined],
    ['that asks no more, by a manifest', deployment({}, {}), undefined],
  ])('%s', async (_what, object, expected) => {
    expect(await askedBy(object, world(), update)).toBe(expected);
  });

  it.each<[string, JsonObject, string | undefined]>([
    ['of what is asked for is refused', with_({ [db]: 'request/pg/large' }), expect.stringContaining('bob')],
    ['that leaves it alone is free', { ...before, status: {} }, 'alice'],
    ['of variables is free', with_({ ...source }), 'alice'],
    ['of the name by hand, as in a roll-back, has no effect', with_(source, { [by]: 'bob' }), 'alice'],
    ['that asks no more is free', with_({}), undefined],
  ])('without rights %s', async (_what, object, expected) => {
    expect(await askedBy(object, world(noRights), update)).toEqual(expected);
  });

  it('of a name where none was needs the rights, too', async () => {
    const old = deployment({}, source);
    const fields = { operation: 'UPDATE', oldObject: old, user: bob };
    const taken = deployment({ [by]: 'bob' }, source);
    expect(await askedBy(taken, world(), fields)).toBe('bob');
    expect(await askedBy(taken, world(noRights), fields)).toContain('may not create');
  });

  it('needs the rights to all that the workload asks for, since one name stands for all', async () => {
    const more = with_({ ...source, [key('bind', 'q')]: 'instance/known' });
    expect(await askedBy(more, world(['create serviceinstances']), update)).toContain('serviceinstances');
  });
});

describe('what controllers make', () => {
  const account = (name: string) => ({ username: `system:serviceaccount:kube-system:${name}-controller` });
  const replicaSet = { kind: 'ReplicaSet', resource: 'replicasets', name: 'web-abc' };
  const copied = owned(deployment({ [by]: 'alice', ...source }, source), 'apps/v1', 'Deployment', {
    'pod-template-hash': 'abc',
  });

  it('of a Deployment has its annotations, and no claim of its own', async () => {
    const here = world(noRights);
    expect(await askedBy(copied, here, { ...replicaSet, user: account('deployment') })).toBe('alice');
    expect(here.authorize.asked).toEqual([]);
  });

  it('of a Deployment follows it, and asks nobody', async () => {
    const before = owned(deployment({}, source), 'apps/v1', 'Deployment');
    const fields = { ...replicaSet, operation: 'UPDATE', oldObject: before, user: account('deployment') };
    const here = world(noRights);
    expect(await askedBy(copied, here, fields)).toBe('alice');
    expect(here.authorize.asked).toEqual([]);
  });

  it('of a Deployment can not be given another name by anybody else', async () => {
    const changed = owned(deployment({ [by]: 'carol', ...source }, source), 'apps/v1', 'Deployment', {
      'pod-template-hash': 'abc',
    });
    const fields = { ...replicaSet, operation: 'UPDATE', oldObject: copied, user: bob };
    expect(await askedBy(changed, world(), fields)).toBe('bob');
    expect(await askedBy(changed, world(noRights), fields)).toBe('alice');
  });

  it.each<[string, JsonObject]>([
    ['its owner', { labels: { 'pod-template-hash': 'abc' }, ownerReferences: [] }],
    ['its hash', { labels: {} }],
    ['its hash for that of a Rollout', { labels: { 'rollouts-pod-template-hash': 'abc' } }],
  ])('of a Deployment asks in the name of who takes %s from it', async (_what, metadata) => {
    const changed = { ...copied, metadata: { ...(copied['metadata'] as JsonObject), ...metadata } };
    const fields = { ...replicaSet, operation: 'UPDATE', oldObject: copied, user: bob };
    expect(await askedBy(changed, world(), fields)).toBe('bob');
    expect(await askedBy(changed, world(noRights), fields)).toContain('user "bob" may not create');
  });

  it('of a Deployment is orphaned by the collector of garbage without a question', async () => {
    const metadata = { ...(copied['metadata'] as JsonObject), ownerReferences: [] };
    const user = { username: 'system:serviceaccount:kube-system:generic-garbage-collector' };
    const fields = { ...replicaSet, operation: 'UPDATE', oldObject: copied, user };
    expect(await askedBy({ ...copied, metadata }, world(noRights), fields)).toBe('alice');
  });

  it('of a CronJob makes no claim, whatever its template says', async () => {
    const job = owned(deployment({ [by]: 'admin' }, source), 'batch/v1', 'CronJob');
    const fields = { kind: 'Job', resource: 'jobs', user: account('cronjob') };
    expect(await askedBy(job, world(noRights), fields)).toBeUndefined();
  });

  it('of a Rollout is asked for by the controller of Rollouts, with its rights', async () => {
    const set = owned(deployment({}, source), 'argoproj.io/v1alpha1', 'Rollout', {
      'rollouts-pod-template-hash': 'abc',
    });
    const rollouts = { username: 'system:serviceaccount:argo-rollouts:argo-rollouts' };
    expect(await askedBy(set, world(), { ...replicaSet, user: rollouts })).toBe(rollouts.username);
    expect(await askedBy(set, world(noRights), { ...replicaSet, user: rollouts })).toContain(
      'may not create',
    );
  });

  it('what is written beside the template of a Job that is there is no claim', async () => {
    const before = deployment({}, {});
    const fields = { kind: 'Job', resource: 'jobs', operation: 'UPDATE', oldObject: before };
    expect(await askedBy(deployment(source, {}), world(noRights), fields)).toBeUndefined();
  });
});
