import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import {
  alice,
  asks,
  bind,
  binder,
  mallory,
  namespace,
  noName,
  optedOut,
  pod,
  replicaSet,
  startAskers,
  workload,
  type Askers,
  type User,
} from './askers.ts';
import { expectAnswer, tryCreate, tryPatch, type Manifest } from './catalog-cluster.ts';

const noRight = 'must be allowed to create in namespace "team" what is asked for: ';

/** The webhook is away: only the policy `bindery-requested-by` says who asks. */
let askers: Askers;
beforeAll(async () => {
  askers = await startAskers();
}, 120_000);
afterAll(() => askers?.stop());

const as: Askers['as'] = (user) => askers.as(user);
const instance = { [bind]: 'instance/orders' };
const there = { [bind]: 'binding/orders' };

describe('a new object', () => {
  it.each<[string, User, Manifest, string | undefined]>([
    ['of who may', 'alice', workload('Deployment', { own: { ...alice, ...asks } }), undefined],
    [
      'of who may, on the template',
      'alice',
      workload('Deployment', { own: alice, template: asks }),
      undefined,
    ],
    ['without a name', 'alice', workload('Deployment', { template: asks }), noName],
    ['in the name of another', 'mallory', workload('Deployment', { own: alice, template: asks }), noName],
    [
      'of who may not',
      'mallory',
      workload('Deployment', { own: mallory, template: asks }),
      `${noRight}serviceinstances and servicebindings`,
    ],
    ['of who may bind only', 'binder', workload('Deployment', { own: binder, template: asks }), noRight],
    [
      'that binds an instance',
      'binder',
      workload('Deployment', { own: binder, template: instance }),
      undefined,
    ],
    [
      'that binds, of who may not',
      'mallory',
      workload('Deployment', { own: mallory, template: instance }),
      `${noRight}servicebindings`,
    ],
    ['that asks for what is there', 'mallory', workload('Deployment', { template: there }), undefined],
    [
      'for what is there, in the name of another',
      'mallory',
      workload('Deployment', { own: alice, template: there }),
      noName,
    ],
    ['that asks for nothing', 'mallory', workload('Deployment', {}), undefined],
    ['of a CronJob', 'mallory', workload('CronJob', { own: alice, template: asks }), noName],
    ['of a CronJob, of who may', 'alice', workload('CronJob', { own: alice, template: asks }), undefined],
    ['of a bare Pod', 'mallory', pod({ ...asks, ...alice }), noName],
    ['of a bare Pod, of who may', 'alice', pod({ ...asks, ...alice }), undefined],
    ['of a Pod without a name, for which nothing is made', 'mallory', pod(asks), undefined],
  ])('%s', async (_what, user, object, refusal) => {
    expectAnswer(await tryCreate(as(user), object), refusal);
  });
});

describe('a new object where nobody looks yet', () => {
  const away = ({ metadata, ...rest }: Manifest): Manifest => ({
    ...rest,
    metadata: { ...metadata, namespace: optedOut },
  });
  it.each<[string, User, Manifest, string | undefined]>([
    ['in the name of another', 'mallory', workload('Deployment', { own: alice, template: asks }), noName],
    [
      'in the name of another, that asks for nothing',
      'mallory',
      workload('Deployment', { own: alice }),
      noName,
    ],
    [
      'of who may not',
      'mallory',
      workload('Deployment', { own: { ...mallory, ...asks } }),
      'what is asked for',
    ],
    ['of who may', 'alice', workload('Deployment', { own: alice, template: asks }), undefined],
    ['of a bare Pod, in the name of another', 'mallory', pod({ ...asks, ...alice }), noName],
    ['without a name', 'mallory', workload('Deployment', { template: asks }), undefined],
    [
      'a ReplicaSet of its Deployment',
      'deployment',
      replicaSet(asks, 'new', { ...asks, ...alice }),
      undefined,
    ],
  ])('%s', async (_what, user, object, refusal) => {
    expectAnswer(await tryCreate(as(user), away(object)), refusal);
  });
});

describe('a change', () => {
  const change = (patch: object, kind = 'Deployment') => ({ kind, name: 'stored', namespace, patch });
  const template = (annotations: object): object => ({ spec: { template: { metadata: { annotations } } } });
  const own = (annotations: object): object => ({ metadata: { annotations } });

  it.each<[string, User, object, string | undefined]>([
    [
      'of the source by who may, in that name',
      'alice',
      template({ [bind]: 'request/postgresql/large' }),
      undefined,
    ],
    [
      'of the source in the name of who asked before',
      'mallory',
      template({ [bind]: 'request/postgresql/large' }),
      noName,
    ],
    [
      'of the source by who may not',
      'mallory',
      { ...template({ [bind]: 'request/postgresql/large' }), ...own(mallory) },
      noRight,
    ],
    ['of parameters', 'mallory', template({ [`params.${bind}`]: '{}' }), noName],
    ['of a share', 'mallory', template({ [`share.${bind}`]: 'team' }), noName],
    ['of how long it is kept', 'mallory', template({ [`reclaim.${bind}`]: '1h' }), noName],
    [
      'beside the template',
      'mallory',
      own({ 'bind.servicecatalog.k8s.io/q': 'request/postgresql/small' }),
      noName,
    ],
    ['of variables', 'mallory', template({ [`env.${bind}`]: 'A=b' }), undefined],
    ['of replicas', 'mallory', { spec: { replicas: 0, paused: true } }, undefined],
    ['that takes the wish away', 'mallory', template({ [bind]: null }), undefined],
    ['that takes the name away', 'mallory', own({ [by]: null }), undefined],
    ['of the name to another', 'alice', own(mallory), noName],
    ['of the name by who may not', 'mallory', own(mallory), noRight],
  ])('%s', async (_what, user, patch, refusal) => {
    expectAnswer(await tryPatch(as(user), change(patch)), refusal);
  });

  it.each<[string, string, object, string | undefined]>([
    ['beside the template of a Job, which has no effect', 'Job', own(asks), undefined],
    ['of the name on a Pod', 'Pod', own(mallory), noRight],
    ['of the wish of a Pod that names who asks', 'Pod', own({ [bind]: 'request/postgresql/large' }), noName],
    [
      'of the template of a ReplicaSet of a Deployment',
      'ReplicaSet',
      template({ [bind]: 'request/x/y' }),
      noName,
    ],
    ['of the name on a ReplicaSet of a Deployment', 'ReplicaSet', own(alice), noName],
  ])('by who may not %s', async (_what, kind, patch, refusal) => {
    expectAnswer(await tryPatch(as('mallory'), change(patch, kind)), refusal);
  });

  const moved = (kind: string): object => ({ metadata: { labels: { 'pod-template-hash': kind } } });
  const orphaned = { metadata: { ownerReferences: null } };
  it.each<[string, User, string, object, string | undefined]>([
    ['by who may not, of the owner of a ReplicaSet', 'mallory', 'ReplicaSet', orphaned, noName],
    ['by who may not, of the hash of a ReplicaSet', 'mallory', 'ReplicaSet', moved('x'), noName],
    ['by who may not, of the hash of a Pod that names who asks', 'mallory', 'Pod', moved('x'), noName],
    [
      'by who may not, in their own name',
      'mallory',
      'ReplicaSet',
      { metadata: { ...orphaned.metadata, annotations: mallory } },
      noRight,
    ],
    [
      'by who may, in that name',
      'alice',
      'ReplicaSet',
      { metadata: { ...orphaned.metadata, annotations: alice } },
      undefined,
    ],
    ['by the collector of garbage, which orphans', 'collector', 'ReplicaSet', orphaned, undefined],
    ['by the collector of garbage, of the hash', 'collector', 'ReplicaSet', moved('x'), noName],
    ['by its controller, which lets it go', 'deployment', 'ReplicaSet', orphaned, undefined],
    ['of other labels', 'mallory', 'ReplicaSet', { metadata: { labels: { tier: 'x' } } }, undefined],
    ['of the hash of a Job that asks for nothing', 'mallory', 'Job', moved('x'), undefined],
  ])('of the workload that it belongs to: %s', async (_what, user, kind, patch, refusal) => {
    expectAnswer(await tryPatch(as(user), change(patch, kind)), refusal);
  });

  it('of the Deployment controller, which brings the annotations of a Deployment to its ReplicaSet', async () => {
    expectAnswer(
      await tryPatch(as('deployment'), change(own({ ...alice, ...asks }), 'ReplicaSet')),
      undefined,
    );
  });
});

describe('(59) by way of what is not the object itself', () => {
  const own = (annotations: object): object => ({ metadata: { annotations } });
  const none = 'is written on the workload itself';
  it.each<[string, string, object, string | undefined]>([
    ['a wish', 'Pod', own({ 'bind.servicecatalog.k8s.io/q': 'request/x/y' }), none],
    ['how long it is kept', 'Pod', own({ [`reclaim.${bind}`]: 'delete' }), none],
    ['who asks', 'Pod', own(mallory), none],
    ['all of it', 'Deployment', own({ ...asks, ...mallory }), none],
    ['who asks', 'ReplicaSet', own(alice), none],
    ['who asks', 'Job', own({ ...asks, ...alice }), none],
    ['the hash of a template', 'ReplicaSet', { metadata: { labels: { 'pod-template-hash': 'x' } } }, none],
    ['conditions', 'Pod', { status: { message: 'x' } }, undefined],
    ['other annotations', 'Pod', own({ note: 'x' }), undefined],
    ['conditions', 'Deployment', { status: { observedGeneration: 1 } }, undefined],
  ])('%s of a %s', async (_what, kind, patch, refusal) => {
    for (const user of ['mallory', 'alice'] as const) {
      const change = { kind, name: 'stored', namespace, patch, subresource: 'status' } as const;
      expectAnswer(await tryPatch(as(user), change), refusal);
    }
  });

  it.each<[string, object, boolean]>([
    ['a wish', { annotations: { 'bind.servicecatalog.k8s.io/q': 'request/x/y' } }, false],
    ['who asks', { annotations: mallory }, false],
    ['the hash of a template', { labels: { 'pod-template-hash': 'x' } }, false],
    ['a node', {}, true],
  ])('a Binding gives a Pod %s', async (_what, metadata, isFree) => {
    const target = { apiVersion: 'v1', kind: 'Node', name: 'node' };
    const object = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'stored', ...metadata }, target };
    for (const path of ['pods/stored/binding', 'bindings']) {
      const asked = as('mallory').raw('POST', `/api/v1/namespaces/${namespace}/${path}?dryRun=All`, object);
      if (isFree) await asked;
      else await expect(asked).rejects.toThrow(none);
    }
  });
});

describe('what controllers make of workloads that were checked', () => {
  it.each<[string, User, Manifest, string | undefined]>([
    [
      'a Job of a CronJob',
      'cronjob',
      workload('Job', { template: asks, owner: 'batch/v1 CronJob' }),
      undefined,
    ],
    ['a Pod of a ReplicaSet', 'replicaset', pod(asks, 'new', 'apps/v1 ReplicaSet'), undefined],
    ['a ReplicaSet of a Deployment', 'deployment', replicaSet(asks, 'new', { ...asks, ...alice }), undefined],
    [
      'a Job whose template names somebody',
      'cronjob',
      workload('Job', { own: alice, template: asks, owner: 'batch/v1 CronJob' }),
      'does not belong on a Pod template',
    ],
    ['a Job of nobody', 'cronjob', workload('Job', { template: asks }), noName],
    [
      'a Job of a kind of that name',
      'cronjob',
      workload('Job', { template: asks, owner: 'example.com/v1 CronJob' }),
      noName,
    ],
    [
      'a Job with an owner that a person names',
      'mallory',
      workload('Job', { template: asks, owner: 'batch/v1 CronJob' }),
      noName,
    ],
    ['a ReplicaSet that a person gives to a Deployment', 'mallory', replicaSet(asks, 'new', alice), noName],
  ])('%s', async (_what, user, object, refusal) => {
    expectAnswer(await tryCreate(as(user), object), refusal);
  });
});
