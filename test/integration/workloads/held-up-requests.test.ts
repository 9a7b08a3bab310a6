import { apiVersion, reclaimAtAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, events, jobs, type Resource } from '../../../src/kube/resources.ts';
import { refuse, refuseNoMore } from '../../support/world/refusing-policy.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, byAlice, deploy, inUse, lookAround, requestedFor } from './requested-services.ts';
import { ofServices, isToldOn, toldOn } from './told.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none', flags: { maxRequestedServices: '0' } });
  world.startControllers();
  await world.register();
}, 90_000);
afterEach(() => world.broker.forget());
afterAll(() => world?.stop());

const quotas: Resource = {
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  namespaced: true,
};

const selectors = {
  clusterServiceClassExternalName: 'postgresql',
  clusterServicePlanExternalName: 'small',
};

it('an instance of the name that is needed, made by somebody else, is not taken over', async () => {
  const names = requestedFor(world.namespace, 'taken', 'taken');
  const theirs = await world.createInstance(names.instance);
  await deploy(world, 'taken', asking('taken'));
  await isToldOn(
    world,
    'taken',
    new RegExp(
      `^Blocked: there is a ServiceInstance "${names.instance}" .*ask for instance/${names.instance} `,
    ),
  );
  await lookAround(world);
  const after = await world.instance(names.instance, isReady, 'is ready');
  expect([after.metadata.uid, after.metadata.annotations]).toEqual([
    theirs.metadata.uid,
    expect.not.objectContaining({ 'servicecatalog.k8s.io/requested-for': expect.anything() as unknown }),
  ]);
  expect(await world.find(serviceBindings, names.login)).toBeUndefined();
  await world.remove(serviceInstances, names.instance);
  await world.binding(names.login, isReady, 'is ready once the name is free');
});

it('a service that is being deleted is waited for, and made anew', async () => {
  const names = requestedFor(world.namespace, 'again', 'again');
  const { metadata } = await inUse(world, 'again', 'again');
  const hold = world.broker.script({ operation: 'deprovision' }, { kind: 'answer', status: 503 }, 'always');
  await world.remove(serviceInstances, names.instance);
  await world.remove(serviceBindings, names.login);
  await isToldOn(
    world,
    'again',
    /^Blocked: ServiceInstance .* is being deleted; a new one is made when it is gone$/,
  );
  await world.gone(serviceBindings, names.login);
  expect(await world.find(serviceBindings, names.login)).toBeUndefined();
  hold.cancel();
  await world.binding(names.login, isReady, 'is ready');
  const anew = await world.instance(names.instance, isReady, 'is ready');
  expect(anew.metadata.uid).not.toBe(metadata.uid);
}, 120_000);

it('a service that a person deletes while it is asked for is there until its logins go, and the workload is told how', async () => {
  const names = requestedFor(world.namespace, 'deleted', 'deleted');
  const { metadata } = await inUse(world, 'deleted', 'deleted');
  await world.remove(serviceInstances, names.instance);
  const command = `kubectl delete sbind -n ${world.namespace} ${names.login}`;
  await isToldOn(
    world,
    'deleted',
    new RegExp(
      `^Blocked: ServiceInstance "${names.instance}" is being deleted, which can not be taken back.*${command}`,
    ),
  );
  const { status } = await world.instance(
    names.instance,
    (one) => readyReason(one) === 'DeprovisionBlockedByExistingCredentials',
    'waits for its binding',
  );
  expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
    `${names.login} (of Deployment/deleted)`,
  );
  expect(world.broker.liveInstances().map(({ id }) => id)).toContain(status?.instanceID);
  await world.remove(serviceBindings, names.login);
  const anew = await world.instance(
    names.instance,
    (one) => isReady(one) && one.metadata.uid !== metadata.uid,
    'is made anew',
  );
  expect(anew.metadata.deletionTimestamp).toBeUndefined();
}, 120_000);

it('a request that is refused for ever is tried by itself, and has no other tried again', async () => {
  using _ = world.undisturbed('counts what one process writes');
  const names = requestedFor(world.namespace, 'never', 'never');
  const expression = `object.metadata.name != '${names.instance}'`;
  const refusal = {
    operation: 'CREATE',
    resource: 'serviceinstances',
    expression,
    message: 'never ever',
  } as const;
  await refuse(world.client, 'never', refusal);
  const probe = {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name: names.instance, namespace: world.namespace },
  };
  await waitFor(() => isRefused({ ...probe, spec: selectors } as KubeObject, 'never ever'), {
    describe: 'the policy is in force',
  });
  await deploy(world, 'never', asking('never'));
  await isToldOn(world, 'never', /^Blocked: .*never ever/);
  await deploy(world, 'beside', asking('beside'));
  await world.binding(requestedFor(world.namespace, 'beside', 'beside').login, isReady, 'is ready');
  await isToldOn(world, 'beside', /^Bound/);
  expect((await toldOn(world, 'beside')).filter((line) => line.startsWith('Blocked'))).toEqual([]);
  await refuseNoMore(world.client, 'never');
  await world.binding(names.login, isReady, 'is ready when nobody refuses it');
}, 120_000);

it('nothing is written when a namespace is looked at in which nothing has changed', async () => {
  using _ = world.undisturbed('counts what one process writes');
  await inUse(world, 'calm', 'calm');
  await isToldOn(world, 'calm', /^Bound/);
  const before = await toldOn(world, 'calm');
  const writes = world.writes.length;
  await lookAround(world);
  await isCounted('calm', before.length);
  const made = world.writes
    .slice(writes)
    .filter((line) => !line.endsWith('/status') && !line.startsWith('PUT'));
  // Two looks by two new Deployments, each with an instance, a binding and a Secret.
  expect(made.filter((line) => line === 'POST serviceinstances')).toHaveLength(2);
  expect(made.filter((line) => line === 'POST servicebindings')).toHaveLength(2);
  expect(await toldOn(world, 'calm')).toEqual(before);
});

/** As many Events about its services as lines, each of them said once. */
async function isCounted(workload: string, lines: number): Promise<void> {
  const { items } = await world.client.list<Counted>(events, { namespace: world.namespace });
  const said = items.filter(
    ({ involvedObject: { name }, reason }) => name === workload && ofServices.includes(reason),
  );
  expect(said.reduce((sum, { count }) => sum + count, 0)).toBe(lines);
}

interface Counted extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
  readonly count: number;
}

async function isRefused(instance: KubeObject, message: string): Promise<boolean> {
  return world.client.create(serviceInstances, instance, { dryRun: true }).then(
    () => false,
    (error: unknown) => String(error).includes(message),
  );
}

it('a full quota is told with the kept services and the command that makes room', async () => {
  const kept = requestedFor(world.namespace, 'kept', 'kept').instance;
  await inUse(world, 'kept', 'kept');
  await world.remove(deployments, 'kept');
  const isKept = ({ metadata }: KubeObject): boolean =>
    metadata.annotations?.[reclaimAtAnnotation] !== undefined;
  await world.instance(kept, isKept, 'is kept for a while');
  const hard = { 'count/serviceinstances.servicecatalog.k8s.io': '1' };
  await world.client.create(quotas, {
    metadata: { name: 'few', namespace: world.namespace },
    spec: { hard },
  } as KubeObject);
  // As the controller of quotas writes it, which comes round every few minutes.
  const status = { hard, used: { ...hard } };
  const few = { namespace: world.namespace, name: 'few' };
  await world.client.patch(quotas, few, { status }, { type: 'merge', subresource: 'status' });
  const probe = {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name: 'probe', namespace: world.namespace },
  };
  await waitFor(() => isRefused({ ...probe, spec: selectors } as KubeObject, 'exceeded quota'), {
    describe: 'the quota is in force',
  });
  await deploy(world, 'one-too-many', asking('db'));
  await isToldOn(
    world,
    'one-too-many',
    new RegExp(
      `^Blocked: .*exceeded quota.*${kept}.*kubectl delete serviceinstances\\.servicecatalog\\.k8s\\.io -n ${world.namespace} ${kept}`,
    ),
  );
  await world.remove(quotas, 'few');
  await world.binding(requestedFor(world.namespace, 'one-too-many', 'db').login, isReady, 'is ready');
}, 120_000);

it('beyond the limit of a namespace nothing new is made for Jobs, and for all else it is', async () => {
  const template = {
    metadata: { annotations: asking('db') },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/app:1' }] },
  };
  const metadata = { name: 'passing', namespace: world.namespace, annotations: byAlice };
  await world.client.create(jobs, { metadata, spec: { suspend: true, template } } as KubeObject);
  await isToldOn(world, 'passing', /^Blocked: ServiceInstance .* is not made: .*--max-requested-services/);
  await inUse(world, 'staying', 'staying');
  const job = requestedFor(world.namespace, { kind: 'Job', name: 'passing' }, 'db');
  expect(await world.find(serviceInstances, job.instance)).toBeUndefined();
});

it('what an earlier version made for annotations is left alone, and says so', async () => {
  const old = {
    'servicecatalog.k8s.io/generated-for': 'request/postgresql/small',
  };
  await world.client.create(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: {
      name: 'db-0123abcd',
      namespace: world.namespace,
      labels: { 'servicecatalog.k8s.io/generated': 'true' },
      annotations: old,
    },
    spec: selectors,
  } as KubeObject);
  await waitFor(
    async () => {
      const { items } = await world.client.list<Counted>(events, {
        namespace: world.namespace,
      });
      return items.some(
        ({ involvedObject, reason }) => involvedObject.name === 'db-0123abcd' && reason === 'LeftAlone',
      );
    },
    { timeoutMs: 45_000, describe: 'the instance says that it is left alone' },
  );
  await lookAround(world);
  const left = await world.instance('db-0123abcd', isReady, 'is ready');
  expect(left.metadata.deletionTimestamp).toBeUndefined();
});
