import { requestedByAnnotation as by } from '../../../src/api/group.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { waitFor } from '../../support/wait-for.ts';
import { connect, create, expectAnswer, expectDone, tryCreate, type Manifest } from './catalog-cluster.ts';
import { objectsIn, startPrivateCluster } from './private-cluster.ts';

export const bind = 'bind.servicecatalog.k8s.io/db';
export const asks = { [bind]: 'request/postgresql/small' };
const injected = { 'status.servicecatalog.k8s.io/injected': '{"v":1}' };
export const namespace = 'team';
/** Another one, for which the webhook is not called. */
export const optedOut = 'off';
export const noName = 'requested-by must name who writes what is asked for';
const account = (name: string): string => `system:serviceaccount:kube-system:${name}-controller`;
const controllers = ['cronjob', 'replicaset', 'deployment'] as const;
/** `alice` may create all; `binder` bindings; `mallory` neither; each may write workloads. The others are controllers. */
const users = ['alice', 'binder', 'mallory', 'collector', ...controllers] as const;
export type User = (typeof users)[number];
type Annotations = Readonly<Record<string, string>>;

export const alice = { [by]: 'alice' };
export const mallory = { [by]: 'mallory' };
export const binder = { [by]: 'binder' };

/** A control plane with the policy `bindery-requested-by` and without a webhook. */
export interface Askers {
  readonly as: (user: User) => KubeClient;
  readonly stop: () => Promise<void>;
}

/** With a Deployment, a ReplicaSet, a Job and a Pod of the name `stored`. */
export async function startAskers(): Promise<Askers> {
  const plane = await startPrivateCluster();
  const clients = new Map<User, KubeClient>();
  const stop = async (): Promise<void> => {
    await Promise.all([...clients.values()].map((client) => client.close()));
    await plane.stop();
  };
  try {
    await grantAll(plane);
    for (const user of users) clients.set(user, await connect(await plane.kubeconfigFor(nameOf(user))));
    await store(plane);
  } catch (error: unknown) {
    await stop();
    throw error;
  }
  const as = (user: User): KubeClient => {
    const client = clients.get(user);
    if (client === undefined) throw new Error(`${user} is nobody`);
    return client;
  };
  return { as, stop };
}

async function grantAll(plane: ControlPlane): Promise<void> {
  for (const name of [namespace, optedOut]) await expectDone(plane, 'create', 'namespace', name);
  await expectDone(plane, 'label', 'namespace', optedOut, 'inject.servicecatalog.k8s.io=disabled');
  const kinds = ['pods', 'deployments.apps', 'replicasets.apps', 'jobs.batch', 'cronjobs.batch'];
  const workloads = kinds.flatMap((kind) => [kind, `${kind}/status`]);
  await grant(plane, 'writers', workloads, users);
  await grant(plane, 'schedulers', ['pods/binding', 'bindings'], users);
  await grant(plane, 'makers', ['serviceinstances.servicecatalog.k8s.io'], ['alice']);
  await grant(plane, 'binders', ['servicebindings.servicecatalog.k8s.io'], ['alice', 'binder']);
}

/** What is there from before, and then the policy. */
async function store(plane: ControlPlane): Promise<void> {
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
}

async function grant(
  plane: ControlPlane,
  role: string,
  resources: readonly string[],
  to: readonly User[],
): Promise<void> {
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

interface Places {
  readonly own?: Annotations;
  readonly template?: Annotations;
  readonly owner?: string;
  readonly uid?: string;
}

export function workload(kind: string, { own, template, owner, uid }: Places, name = 'new'): Manifest {
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

export function replicaSet(
  template: Annotations,
  name = 'new',
  own: Annotations = {},
  uid?: string,
): Manifest {
  return workload(
    'ReplicaSet',
    { own, template, owner: 'apps/v1 Deployment', ...(uid === undefined ? {} : { uid }) },
    name,
  );
}

export function pod(annotations: Annotations, name = 'new', owner?: string): Manifest {
  const metadata = { name, namespace, annotations: { ...injected, ...annotations }, ...ownedBy(owner) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } };
}
