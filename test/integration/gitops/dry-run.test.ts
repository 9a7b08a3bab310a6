import { randomUUID } from 'node:crypto';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { events } from '../../../src/kube/resources.ts';
import type { KubectlResult } from '../../cluster/kubectl.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const bind = 'bind.servicecatalog.k8s.io/db';
const takenId = randomUUID();

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly spec: unknown;
}

type User = 'administrator' | 'kim' | 'lee';

let world: ServiceWorld;
/** Kim may write instances, bindings, brokers and workloads, but delete none and read no Secret; Lee workloads alone. */
const kubeconfigs: Partial<Record<User, string>> = {};

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false', '--max-retry-interval=2s');
  await world.register();
  const workloads = ['deployments.apps', 'pods'];
  const ours = ['serviceinstances', 'servicebindings', 'servicebrokers'].map(
    (plural) => `${plural}.servicecatalog.k8s.io`,
  );
  await user('kim', [...workloads, ...ours]);
  await user('lee', workloads);
  for (const manifest of [present(), binding('present', 'present')]) {
    const { code } = await kubectl('administrator', manifest, 'apply');
    expect(code).toBe(0);
  }
  await world.binding('present', isReady, 'is ready');
  const dying = await world.createInstance('dying');
  await world.instance('dying', isReady, 'is ready');
  world.broker.script(
    { operation: 'deprovision', instanceId: dying.spec.externalID ?? '' },
    { kind: 'async', polls: Infinity },
  );
  await world.remove(serviceInstances, 'dying');
  await world.instance('dying', (found) => readyReason(found) === 'Deprovisioning', 'is being deleted');
}, 120_000);
afterAll(() => world?.stop());

async function user(name: 'kim' | 'lee', resources: readonly string[]): Promise<void> {
  const args = resources.map((resource) => `--resource=${resource}`);
  const inNamespace = ['-n', world.namespace];
  const made = [
    await world.controlPlane.kubectl([
      'create',
      'role',
      name,
      '--verb=create,get,list,patch,update',
      ...args,
      ...inNamespace,
    ]),
    await world.controlPlane.kubectl([
      'create',
      'rolebinding',
      name,
      `--role=${name}`,
      `--user=${name}`,
      ...inNamespace,
    ]),
  ];
  expect(made.map(({ code }) => code)).toEqual([0, 0]);
  const kubeconfig = await world.controlPlane.kubeconfigFor(name);
  kubeconfigs[name] = kubeconfig;
  const may = ['auth', 'can-i', 'create', 'deployments.apps', ...inNamespace, '--kubeconfig', kubeconfig];
  await waitFor(async () => (await world.controlPlane.kubectl(may)).code === 0);
}

async function kubectl(who: User, manifest: Manifest, ...args: readonly string[]): Promise<KubectlResult> {
  const kubeconfig = kubeconfigs[who];
  const as = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  return world.controlPlane.kubectl(
    [...args, ...as, '-n', world.namespace, '-f', '-'],
    JSON.stringify(manifest),
  );
}

function ours(kind: string, name: string, spec: object, metadata: object = {}): Manifest {
  return { apiVersion, kind, metadata: { name, ...metadata }, spec };
}

function instance(name: string, spec: object = {}, metadata: object = {}): Manifest {
  const classAndPlan = {
    clusterServiceClassExternalName: 'postgresql',
    clusterServicePlanExternalName: 'small',
  };
  return ours('ServiceInstance', name, { ...classAndPlan, ...spec }, metadata);
}

function present(spec: object = {}, metadata: object = {}): Manifest {
  return instance('present', { externalID: takenId, ...spec }, metadata);
}

function binding(name: string, to: string, spec: object = {}): Manifest {
  return ours('ServiceBinding', name, { instanceRef: { name: to }, ...spec });
}

const containers = [{ name: 'main', image: 'registry.example.com/app:1' }];

function deployment(name: string, source: string, metadata: object = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, annotations: { [bind]: source }, ...metadata },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  };
}

function pod(name: string, source: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, annotations: { [bind]: source } },
    spec: { containers },
  };
}

const preset: Manifest = {
  apiVersion: 'settings.servicecatalog.k8s.io/v1alpha1',
  kind: 'PodPreset',
  metadata: { name: 'fine' },
  spec: { selector: {}, env: [{ name: 'A', value: 'b' }] },
};
const secretRef = { name: 'broker-auth' };
const url = 'https://broker.example.com';

/** Who is refused what, by whom, and in which words. */
const refused: readonly (readonly [string, User, Manifest, string])[] = [
  ['a typo on a workload', 'administrator', deployment('typo', 'requst/postgresql/small'), 'is no source'],
  [
    'a service for who may make none',
    'lee',
    deployment('asks', 'request/postgresql/small'),
    'serviceinstances',
  ],
  ['a typo on a Pod', 'administrator', pod('typo', 'requst/postgresql/small'), 'is no source'],
  ['an id that another has', 'administrator', instance('copy', { externalID: takenId }), 'is held by'],
  ['a binding to what is being deleted', 'administrator', binding('late', 'dying'), 'dying'],
  [
    'parameters from a Secret for who may not read it',
    'kim',
    instance('peeks', { parametersFrom: [{ secretKeyRef: { name: secretRef.name, key: 'username' } }] }),
    'may not get Secret',
  ],
  [
    'keys of a Secret for who may not read it',
    'kim',
    binding('peeks', 'present', {
      secretTransforms: [{ addKeysFrom: { secretRef: { namespace: 'x', ...secretRef } } }],
    }),
    '"broker-auth"',
  ],
  [
    'the login of a broker for who may not read it (policy)',
    'kim',
    ours('ServiceBroker', 'peeks', { url, authInfo: { basic: { secretRef } } }),
    'broker-auth',
  ],
  [
    'the marks of the controller (policy)',
    'kim',
    present({}, { annotations: { 'servicecatalog.k8s.io/reclaim': '0s' } }),
    'may not delete',
  ],
  [
    'another class',
    'administrator',
    present({ clusterServiceClassExternalName: 'cache' }),
    'can not be changed',
  ],
  ['another instance of a binding', 'administrator', binding('present', 'other'), 'belongs to one instance'],
];

/** What would be made, or changed. */
const accepted: readonly (readonly [string, User, Manifest])[] = [
  ['an instance', 'administrator', instance('fine')],
  ['an instance with an id', 'administrator', instance('given', { externalID: randomUUID() })],
  ['a binding', 'administrator', binding('fine', 'present')],
  ['a ServiceBroker', 'kim', ours('ServiceBroker', 'fine', { url })],
  ['a ClusterServiceBroker', 'administrator', ours('ClusterServiceBroker', 'fine', { url })],
  ['a Deployment', 'kim', deployment('fine', 'request/postgresql/small')],
  ['a Pod', 'administrator', pod('fine', 'binding/present')],
  ['a PodPreset', 'administrator', preset],
  ['an update', 'administrator', present({ parameters: { size: 2 } })],
  ['a request by an update', 'administrator', present({ parameters: { size: 2 }, updateRequests: 1 })],
];

/** Without what is another for each write. */
function lasting(text: string): unknown {
  const object = JSON.parse(text) as KubeObject & {
    readonly spec: Readonly<Record<string, unknown>>;
    status?: unknown;
  };
  const { uid, resourceVersion, creationTimestamp, generation, annotations, ...metadata } =
    object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  void [uid, resourceVersion, creationTimestamp, generation];
  const { 'servicecatalog.k8s.io/id-made': made, ...others } = annotations ?? {};
  const { externalID, ...spec } = object.spec;
  return {
    kind: object.kind,
    metadata: { ...metadata, managedFields: undefined },
    annotations: others,
    isIdMade: made !== undefined,
    hasId: externalID !== undefined,
    spec,
  };
}

/** All that there is, but the status and what was told before. */
async function everything(): Promise<string> {
  const kinds = [
    'serviceinstances',
    'servicebindings',
    'servicebrokers',
    'clusterservicebrokers',
    'podpresets',
    'deployments',
    'pods',
    'secrets',
  ];
  const columns =
    'custom-columns=KIND:.kind,NAME:.metadata.name,UID:.metadata.uid,GENERATION:.metadata.generation,ANNOTATIONS:.metadata.annotations,DELETED:.metadata.deletionTimestamp';
  const { stdout } = await world.controlPlane.kubectl([
    'get',
    kinds.join(','),
    '-n',
    world.namespace,
    '-o',
    columns,
  ]);
  return stdout;
}

async function told(): Promise<readonly string[]> {
  const { items } = await world.client.list<
    KubeObject & { readonly note?: string; readonly message?: string }
  >(events, {
    namespace: world.namespace,
  });
  return items.map(({ metadata: { uid } }) => String(uid));
}

describe('kubectl apply --dry-run=server', () => {
  const answers = new Map<string, KubectlResult>();
  const words = ['apply', '-o', 'json'];

  it('answers, and neither makes, changes nor tells anything, nor calls a broker', async () => {
    const [before, known] = [await everything(), await told()];
    world.broker.requests.length = 0;
    for (const [what, who, manifest] of [...refused, ...accepted]) {
      answers.set(what, await kubectl(who, manifest, ...words, '--dry-run=server'));
    }
    const removal = binding('present', 'present');
    for (const manifest of [removal, present()]) {
      const { code, stderr } = await kubectl('administrator', manifest, 'delete', '--dry-run=server');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    expect(await everything()).toBe(before);
    expect(await told()).toEqual(known);
    expect(world.broker.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  }, 120_000);

  it.each(refused)('refuses %s as the real request is refused', async (what, who, manifest, message) => {
    const { code, stderr } = answers.get(what) ?? {};
    const real = await kubectl(who, manifest, ...words);
    expect(real.stderr).toContain(message);
    expect({ code, stderr }).toEqual({ code: real.code, stderr: real.stderr });
    expect(code).not.toBe(0);
  });

  it.each(accepted)('shows of %s what the real request makes', async (what, who, manifest) => {
    const { code, stderr, stdout = '' } = answers.get(what) ?? {};
    const real = await kubectl(who, manifest, ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: real.stderr });
    expect(lasting(stdout)).toEqual(lasting(real.stdout));
  });

  it('holds no id: it can be had under another name', async () => {
    const externalID = randomUUID();
    const first = await kubectl(
      'administrator',
      instance('first', { externalID }),
      ...words,
      '--dry-run=server',
    );
    const second = await kubectl('administrator', instance('second', { externalID }), ...words);
    expect([first.code, second.code]).toEqual([0, 0]);
  });
});
