import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { clusterServicePlans, serviceInstances } from '../../../src/api/kinds.ts';
import { deployments, namespaces, type Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { requestedFor } from '../workloads/requested-services.ts';
import { isToldOn } from '../workloads/told.ts';
import { runCli } from '../../support/run-cli.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

interface Answer {
  readonly code: number;
  readonly stderr: string;
}

async function apply(manifest: object, ...flags: readonly string[]): Promise<Answer> {
  const { code, stderr } = await world.controlPlane.kubectl(
    ['apply', '--validate=strict', ...flags, '-f', '-'],
    JSON.stringify(manifest),
  );
  return { code: code ?? -1, stderr };
}

function instance(name: string, plan: string | undefined, spec: object = {}): object {
  return {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name, namespace: world.namespace },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      ...(plan === undefined ? {} : { clusterServicePlanExternalName: plan }),
      ...spec,
    },
  };
}

function deployment(name: string, plan: string): object {
  const annotations = { 'bind.servicecatalog.k8s.io/db': `request/postgresql/${plan}` };
  const labels = { app: name };
  const containers = [{ name: 'app', image: 'registry.example.com/app:1' }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: deployments.kind,
    metadata: { name, namespace: world.namespace, annotations },
    spec: { selector: { matchLabels: labels }, template },
  };
}

type Terms = Readonly<Record<string, string | null>>;

async function say(plan: string, terms: Terms): Promise<string> {
  const { items } = await world.client.list<ClusterServicePlan>(clusterServicePlans);
  const name = items.find(({ spec }) => spec.externalName === plan)?.metadata.name ?? '';
  const annotations = Object.fromEntries(
    Object.entries(terms).map(([key, value]) => [`servicecatalog.k8s.io/${key}`, value]),
  );
  await world.client.patch(clusterServicePlans, { name }, { metadata: { annotations } }, { type: 'merge' });
  return name;
}

async function label(labels: Terms): Promise<void> {
  await world.client.patch(
    namespaces,
    { name: world.namespace },
    { metadata: { labels } },
    { type: 'merge' },
  );
}

/** The webhook hears of the catalog, and of namespaces, by watches. */
async function untilRefused(object: object, message: string): Promise<void> {
  let last = '';
  await waitFor(
    async () => {
      last = (await apply(object, '--dry-run=server')).stderr;
      return last.includes(message);
    },
    { describe: () => `refused with ${message}; last answer ${last}` },
  );
}

async function untilTaken(object: object): Promise<void> {
  await waitFor(async () => (await apply(object, '--dry-run=server')).code === 0, { describe: 'is taken' });
}

it('an instance without a plan is refused where the class has several, in the words of the original', async () => {
  await untilRefused(instance('open', undefined), 'has more than one plan, PlanName must be specified');
  const { code, stderr } = await apply(instance('open', undefined));
  expect(code).toBe(1);
  expect(stderr).toContain('It has fixed, large, small.');
  // A class with one plan has a default; one that is not known may still come.
  expect(await apply(instance('cached', undefined, { clusterServiceClassExternalName: 'cache' }))).toEqual({
    code: 0,
    stderr: '',
  });
  await world.instance('cached', isReady, 'is ready');
  const later = await apply(
    instance('later', 'small', { clusterServiceClassExternalName: 'posgres' }),
    '--dry-run=server',
  );
  expect(later).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(
      'Warning: There is no ClusterServiceClass with externalName "posgres"',
    ) as string,
  });
  const typo = await apply(instance('later', 'smal'), '--dry-run=server');
  expect(typo.stderr).toContain(
    'Warning: The class "postgresql" has no plan with externalName "smal". It has',
  );
  await remove(serviceInstances, 'cached');
}, 120_000);

async function remove(resource: Resource, name: string): Promise<void> {
  await world.remove(resource, name);
  await world.gone(resource, name);
}

it('a plan for other namespaces is refused, told on workloads, and shown; a label opens it', async () => {
  const plan = await say('large', { namespaces: 'team=a' });
  const message = `plan "postgresql/large" is not offered in namespace "${world.namespace}": ClusterServicePlan "${plan}" is for namespaces with labels "team=a"`;
  await untilRefused(instance('db', 'large'), message);
  await apply(instance('db', 'small'));
  expect((await apply(instance('db', 'large'))).stderr).toContain(message);
  expect((await apply(instance('db', 'small', { updateRequests: 1 }))).code).toBe(0);

  const { code, stderr } = await apply(deployment('web', 'large'));
  expect(code).toBe(0);
  expect(stderr).toContain(`Warning: binding "db": ${message}`);
  await isToldOn(world, 'web', new RegExp('^Blocked: .*is not offered in namespace'));

  const kubeconfig = ['--kubeconfig', world.controlPlane.kubeconfig, '-n', world.namespace];
  const { stdout } = await runCli(['describe', 'plan', 'postgresql/large', ...kubeconfig]);
  expect(stdout).toContain('team=a');

  await label({ team: 'a' });
  await untilTaken(instance('db', 'large'));
  const { instance: made } = requestedFor(world.namespace, 'web', 'db');
  await world.instance(made, isReady, 'is made once it may be');
  await label({ team: null });
  await untilRefused(instance('other', 'large'), message);
  // What is there is no question.
  expect((await apply(deployment('web', 'large'))).code).toBe(0);
  await say('large', { namespaces: null });
  await remove(serviceInstances, 'db');
  await world.remove(deployments, 'web');
}, 120_000);

it('a limit is told where it is reached; a workload waits for room, too', async () => {
  await say('small', { 'max-per-namespace': '1' });
  await apply(instance('only', 'small'));
  await world.instance('only', isReady, 'is ready');
  const message = `namespace "${world.namespace}" has 1 of at most 1 instances of plan "postgresql/small": only; delete one`;
  await untilRefused(instance('more', 'small'), message);
  expect((await apply(instance('only', 'small', { updateRequests: 1 }))).code).toBe(0);
  await apply(deployment('shop', 'small'));
  await isToldOn(world, 'shop', new RegExp('^Blocked: .*has 1 of at most 1 instances'));
  await remove(serviceInstances, 'only');
  const { instance: made } = requestedFor(world.namespace, 'shop', 'db');
  await world.instance(made, isReady, 'is made when there is room');
  // Kept when nobody asks, it holds its room.
  await world.remove(deployments, 'shop');
  await untilRefused(instance('more', 'small'), `instances of plan "postgresql/small": ${made}; delete one`);
  await say('small', { 'max-per-namespace': null });
  await untilTaken(instance('more', 'small'));
}, 120_000);
