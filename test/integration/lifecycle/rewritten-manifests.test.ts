import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { finalizer } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { queryLabels } from '../../../src/api/labels.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { goSpec } from '../../support/go-client.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { expectCleanBroker, settled } from './instance-actions.ts';

/** With the admission webhook, and everything under the credentials of one person: tests, kubectl and controller. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false', '--max-retry-interval=2s');
  await world.register();
}, 90_000);
afterAll(() => world?.stop());

/** What somebody keeps in a repository: nothing that anybody else has added. */
function instanceManifest(name: string, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceInstance',
    metadata: { name, namespace: world.namespace },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      parameters: { size: 1 },
      ...spec,
    },
  });
}

async function kubectl(input: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.controlPlane.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** `kubectl edit`, with a script of sed for the person at the editor. */
async function edit(name: string, script: string): Promise<void> {
  const args = ['edit', '-n', world.namespace, `serviceinstances.servicecatalog.k8s.io/${name}`];
  const env = { ...process.env, ...world.controlPlane.env, KUBE_EDITOR: `sed -i -e '${script}'` };
  await promisify(execFile)('kubectl', args, { env });
}

/** GET and PUT of a typed client of the original, as svcat does it. */
async function rewrite<T extends KubeObject & { readonly spec: object }>(
  resource: Resource,
  name: string,
  change: { readonly spec?: object; readonly metadata?: object },
): Promise<T> {
  const object = await world.client.get<T>(resource, { namespace: world.namespace, name });
  return world.client.replace<T>(resource, {
    ...object,
    metadata: { ...object.metadata, ...change.metadata },
    spec: { ...goSpec(resource.kind, object.spec, 'original'), ...change.spec },
  });
}

async function readyInstance(name: string): Promise<ServiceInstance> {
  await kubectl(instanceManifest(name), 'apply', '-f', '-');
  return world.instance(name, isReady, 'is ready');
}

async function removeInstance(name: string): Promise<void> {
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
}

const bigger = { parameters: { size: 2 } };

const writers: readonly (readonly [string, (name: string) => Promise<unknown>])[] = [
  ['kubectl replace', (name) => kubectl(instanceManifest(name, bigger), 'replace', '-f', '-')],
  ['kubectl apply', (name) => kubectl(instanceManifest(name, bigger), 'apply', '-f', '-')],
  [
    'kubectl apply --server-side',
    (name) =>
      kubectl(instanceManifest(name, bigger), 'apply', '--server-side', '--force-conflicts', '-f', '-'),
  ],
  [
    'kubectl edit',
    (name) => edit(name, 's/size: 1/size: 2/; /kubernetes-incubator/d; /servicecatalog.*Ref/d'),
  ],
  [
    'a client of the original',
    (name) =>
      rewrite(serviceInstances, name, { spec: bigger, metadata: { finalizers: null, labels: undefined } }),
  ],
];

describe('an instance that is written anew with other parameters', () => {
  it.each(writers)('by %s keeps what belongs to it, and goes with its service', async (how, write) => {
    const name = how.replaceAll(/[^a-z]+/g, '-');
    const before = await readyInstance(name);
    await write(name);
    const after = await settled(world, name);
    const { clusterServiceClassRef, clusterServicePlanRef, externalID, userInfo } = before.spec;
    expect(after).toMatchObject({
      metadata: { finalizers: [finalizer], labels: queryLabels('ServiceInstance', before.spec) },
      spec: { clusterServiceClassRef, clusterServicePlanRef, externalID, userInfo, ...bigger },
    });
    expect(world.broker.requestsOf('update', externalID)).toHaveLength(1);
    await removeInstance(name);
    expect(world.broker.requestsOf('deprovision', externalID)).toHaveLength(1);
    expectCleanBroker(world);
  });
});

describe('an instance that is replaced by a manifest with another plan', () => {
  it('changes its plan, and its columns with it', async () => {
    const before = await readyInstance('plan');
    await kubectl(
      instanceManifest('plan', { clusterServicePlanExternalName: 'large' }),
      'replace',
      '-f',
      '-',
    );
    const after = await settled(world, 'plan');
    expect(isReady(after)).toBe(true);
    expect(after.spec.externalID).toBe(before.spec.externalID);
    expect(after.spec.clusterServiceClassRef).toEqual(before.spec.clusterServiceClassRef);
    expect(after.spec.clusterServicePlanRef).not.toEqual(before.spec.clusterServicePlanRef);
    expect(after.metadata.labels).toMatchObject(queryLabels('ServiceInstance', after.spec));
    expect(after.status?.externalProperties?.clusterServicePlanExternalName).toBe('large');
    const columns = await kubectl(
      '',
      'get',
      '-n',
      world.namespace,
      'serviceinstances.servicecatalog.k8s.io/plan',
    );
    expect(columns).toMatch(/postgresql\s+large\s+Ready/);
    await removeInstance('plan');
    expectCleanBroker(world);
  });
});

it('a binding that is replaced by its manifest keeps what belongs to it', async () => {
  await readyInstance('bound');
  const manifest = JSON.stringify({
    apiVersion: 'servicecatalog.k8s.io/v1beta1',
    kind: 'ServiceBinding',
    metadata: { name: 'bound', namespace: world.namespace },
    spec: { instanceRef: { name: 'bound' } },
  });
  await kubectl(manifest, 'create', '-f', '-');
  const before = await world.binding('bound', isReady, 'is ready');
  await kubectl(manifest, 'replace', '-f', '-');
  const after = await world.binding('bound', isReady, 'is ready');
  expect(after.metadata.finalizers).toEqual([finalizer]);
  expect(after.spec).toEqual(before.spec);
  await world.remove(serviceBindings, 'bound');
  await world.gone(serviceBindings, 'bound');
  expect(world.broker.requestsOf('unbind')).toHaveLength(1);
  await removeInstance('bound');
  expectCleanBroker(world);
});

// Last: what is abandoned stays at the broker.
describe('abandoning, as svcat does', () => {
  afterEach(() => world.broker.forget());

  it('takes the finalizer of an instance away and deletes it, and the broker hears nothing', async () => {
    const { spec } = await readyInstance('abandoned');
    await abandon(serviceInstances, 'abandoned');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([spec.externalID]);
  });

  it('works for a binding', async () => {
    await readyInstance('db');
    await world.createBinding('db', 'db');
    const { spec } = await world.binding('db', isReady, 'is ready');
    await abandon(serviceBindings, 'db');
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual([spec.externalID]);
  });
});

async function abandon(resource: Resource, name: string): Promise<void> {
  const { metadata } = await rewrite<ServiceInstance>(resource, name, { metadata: { finalizers: [] } });
  expect(metadata.finalizers).toBeUndefined();
  await world.remove(resource, name);
  await world.gone(resource, name);
}
