import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  connect,
  create,
  expectAnswer,
  expectDone,
  tryCreate,
  tryPatch,
  type Manifest,
} from './catalog-cluster.ts';
import { objectsIn, startPrivateCluster } from './private-cluster.ts';

/** The webhook is away: only the policy `bindery-requested-by` says who asks. */
const bind = 'bind.servicecatalog.k8s.io/db';
const asks = { [bind]: 'request/postgresql/small' };
const injected = { 'status.servicecatalog.k8s.io/injected': '{"v":1}' };
const namespace = 'team';
const optedOut = 'off';
const noName = 'requested-by must name who writes what is asked for';
const noRight = 'must be allowed to create in namespace "team" what is asked for: ';
const account = (name: string): string => `system:serviceaccount:kube-system:${name}-controller`;
const controllers = ['cronjob', 'replicaset', 'deployment'] as const;
const users = ['alice', 'binder', 'mallory', 'collector', ...controllers] as const;
type User = (typeof users)[number];
type Annotations = Readonly<Record<string, string>>;

let plane: ControlPlane;
/** `alice` may create all; `binder` bindings; `mallory` neither; each may write workloads. The others are controllers. */
const clients = new Map<User, KubeClient>();

beforeAll(async () => {
  plane = await startPrivateCluster();
  for (const name of [namespace, optedOut]) await expectDone(plane, 'create', 'namespace', name);
  await expectDone(plane, 'label', 'namespace', optedOut, 'inject.servicecatalog.k8s.io=disabled');
  await grant(
    'writers',
    ['pods', 'deployments.apps', 'replicasets.apps', 'jobs.batch', 'cronjobs.batch'].flatMap((kind) => [
      kind,
      `${kind}/status`,
    ]),
    users,
  );
  await grant('schedulers', ['pods/binding', 'bindings'], users);
  await grant('makers', ['serviceinstances.servicecatalog.k8s.io'], ['alice']);
  await grant('binders', ['servicebindings.servicecatalog.k8s.io'], ['alice', 'binder']);
  for (const user of users) clients.set(user, await connect(await plane.kubeconfigFor(nameOf(user))));
  const admin = await connect(plane.kubeconfig);
  const deployment = workload('Deployment', { own: alice, template: asks }, 'stored');
  const answer = await create(admin, {
    ...deployment,
    spec: { ...(deployment.spec as object), paused: true },
  });
  if (!answer.accepted) throw new Error(answer.message);
  const { uid } = answer.object.metadata as { readonly uid?: string };
  // Another template than that of the Deployment now, or its controller would change the annotations.
  const before = replicaSet({ ...asks, note: 'old' }, 'stored', {}, uid);
  for (const object of [before, workload('Job', {}, 'stored'), pod({ ...asks, ...alice }, 'stored')])
    expectAnswer(await create(admin, object), undefined);
  const policies = (await objectsIn('webhook-config/policies.yaml')) as readonly Manifest[];
  const ours = policies.filter(({ metadata }) => metadata?.['name'] === 'bindery-requested-by');
  expect(ours).toHaveLength(2);
  for (const object of ours)
    expect(await plane.kubectl(['apply', '-f', '-'], JSON.stringify(object))).toMatchObject({ code: 0 });
  await waitFor(async () => {
    const answer = await tryCreate(admin, workload('Deployment', { own: asks }));
    return !answer.accepted && answer.message.includes(noName);
  });
  await admin.close();
}, 120_000);
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.close()));
  await plane?.stop();
});

async function grant(role: string, resources: readonly string[], to: readonly User[]): Promise<void> {
  const kinds = resources.map((resource) => `--resource=${resource}`);
  await expectDone(plane, 'create', 'clusterrole', role, '--verb=create,update,patch,get', ...kinds);
  const subjects = to.map((user) => `--user=${nameOf(user)}`);
  for (const where of [namespace, optedOut]) {
    const args = [role, '-n', where, `--clusterrole=${role}`, ...subjects];
    await expectDone(plane, 'create', 'rolebinding', ...args);
  }
}

function nameOf(user: User): string {
  if (user === 'collector') return 'system:serviceaccount:kube-system:generic-garbage-collector';
  return controllers.some((one) => one === user) ? account(user) : user;
}

function as(user: User): KubeClient {
  const client = clients.get(user);
  if (client === undefined) throw new Error(`${user} is nobody`);
  return client;
}

interface Places {
  readonly own?: Annotations;
  readonly template?: Annotations;
  readonly owner?: string;
  readonly uid?: string;
}

function workload(kind: string, { own, template, owner, uid }: Places, name = 'new'): Manifest {
  const isJob = kind.endsWith('Job');
  const labels = { app: name };
  const pods = {
    metadata: { labels: isJob ? {} : labels, annotations: template },
    spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: isJob ? 'Never' : 'Always' },
  };
  const specs: Readonly<Record<string, object>> = {
    Job: { suspend: true, template: pods },
    CronJob: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: { template: pods } } },
  };
  return {
    apiVersion: isJob ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace, labels, annotations: own, ...ownedBy(owner, uid) },
    spec: specs[kind] ?? { replicas: 0, selector: { matchLabels: labels }, template: pods },
  };
}

/** @param owner API version and kind */
function ownedBy(owner: string | undefined, uid = '5d1c'): object {
  if (owner === undefined) return {};
  const [apiVersion, kind] = owner.split(' ');
  return { ownerReferences: [{ apiVersion, kind, name: 'stored', uid, controller: true }] };
}

function replicaSet(template: Annotations, name = 'new', own: Annotations = {}, uid?: string): Manifest {
  return workload(
    'ReplicaSet',
    { own, template, owner: 'apps/v1 Deployment', ...(uid === undefined ? {} : { uid }) },
    name,
  );
}

function pod(annotations: Annotations, name = 'new', owner?: string): Manifest {
  const metadata = { name, namespace, annotations: { ...injected, ...annotations }, ...ownedBy(owner) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } };
}

const alice = { [by]: 'alice' };
const mallory = { [by]: 'mallory' };
const binder = { [by]: 'binder' };
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

describe('by way of what is not the object itself', () => {
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
