import { findCondition } from '../../../src/api/conditions.ts';
import type { PodPreset } from '../../../src/api/generated/pod-preset.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { podPresets } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, namespaces, pods } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { asking, deploy, requestedFor } from './requested-services.ts';
import { isToldOn, isToldOnPod } from './told.ts';

/** With the admission webhook, and the controllers of Kubernetes that make Pods. */
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.startBindery('--leader-elect=false');
  await world.register();
  await world.createInstance('orders');
  await world.createBinding('orders', 'orders');
  await world.binding('orders', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());

const optOut = 'inject.servicecatalog.k8s.io';
const main = { name: 'main', image: 'registry.example.com/app:1' };

async function createPod(name: string, annotations: object = {}, spec: object = {}): Promise<void> {
  const metadata = { name, namespace: world.namespace, annotations };
  await world.client.create(pods, { metadata, spec: { containers: [main], ...spec } } as KubeObject);
}

async function label(name: string, value: string | null): Promise<void> {
  const change = { metadata: { labels: { [name]: value } } };
  await world.client.patch(namespaces, { name: world.namespace }, change, { type: 'merge' });
}

function injectedOf({ status }: ServiceBinding | PodPreset): string {
  const found = findCondition(status?.conditions, 'Injected');
  return found === undefined ? '' : `${found.status} ${found.reason} ${found.message}`;
}

async function tellsBinding(name: string, what: RegExp): Promise<ServiceBinding> {
  return world.binding(name, (binding) => what.test(injectedOf(binding)), `tells ${what.source}`);
}

async function podsOf(app: string): Promise<readonly KubeObject[]> {
  const { items } = await world.client.list<KubeObject>(pods, { namespace: world.namespace });
  return items.filter(({ metadata }) => metadata.labels?.['app'] === app);
}

describe('what became of a request is told', () => {
  it('on the workload when its Pods have it, and on the binding: how many', async () => {
    await deploy(world, 'web', asking('db'));
    const { login } = requestedFor(world.namespace, 'web', 'db');
    const binding = await tellsBinding(login, /^True PodsHaveIt 1 of 1 Pod that ask have it$/);
    await isToldOn(world, 'web', /^Injected: Pods are made with "db"$/);
    // Old clients look at the last one.
    expect(binding.status?.conditions?.map(({ type }) => type)).toEqual(['Injected', 'Ready']);
    expect(binding.status?.lastConditionState).toBe('Ready');

    const scaled = { spec: { replicas: 3 } };
    await world.client.patch(deployments, { namespace: world.namespace, name: 'web' }, scaled, {
      type: 'merge',
    });
    await tellsBinding(login, /^True PodsHaveIt 3 of 3 Pods that ask have it$/);
    const none = { spec: { replicas: 0 } };
    await world.client.patch(deployments, { namespace: world.namespace, name: 'web' }, none, {
      type: 'merge',
    });
    const { status } = await world.binding(login, (one) => injectedOf(one) === '', 'has no Pods');
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  }, 120_000);

  it('(56) when a key is missing in the Secret, on the workload, by its name', async () => {
    const env = { 'env.bind.servicecatalog.k8s.io/db': 'DATABASE_URL=no-such-key' };
    await deploy(world, 'keyless', { ...asking('db'), ...env });
    const { login } = requestedFor(world.namespace, 'keyless', 'db');
    const [pod] = await waitFor(async () => {
      const found = await podsOf('keyless');
      return found.length === 0 ? undefined : found;
    });
    const message = `couldn't find key no-such-key in Secret ${world.namespace}/${login}`;
    // As a kubelet writes it.
    const state = { waiting: { reason: 'CreateContainerConfigError', message } };
    const containerStatuses = [
      { name: 'main', image: main.image, imageID: '', ready: false, restartCount: 0, state },
    ];
    await world.client.patch(
      pods,
      { namespace: world.namespace, name: pod?.metadata.name ?? '' },
      { status: { phase: 'Pending', containerStatuses } },
      { type: 'merge', subresource: 'status' },
    );
    await isToldOn(world, 'keyless', /^KeyMissing: .*Secret ".*" has no key "no-such-key"/);
  }, 120_000);
});

describe('a Pod that runs without what it asks for', () => {
  const asks = { 'bind.servicecatalog.k8s.io/db': 'binding/orders' };

  it('since its namespace had opted out, is told so, and how to come back', async () => {
    await label(optOut, 'disabled');
    // What selects namespaces hears of a label a moment later.
    await waitFor(async () => {
      const name = 'left-out';
      await createPod(name, asks);
      const found = await world.client.get<KubeObject>(pods, { namespace: world.namespace, name });
      if (found.metadata.annotations?.['status.servicecatalog.k8s.io/injected'] === undefined) return true;
      await world.remove(pods, name);
      return undefined;
    });
    const commands = new RegExp(
      `^NotInjected: Pods run without "db", which they ask for: .* kubectl label namespace ${world.namespace} ${optOut}-`,
    );
    await isToldOnPod(world, 'left-out', commands);
    await tellsBinding('orders', /^False PodsWithoutIt 0 of 1 Pod that ask have it. Without it: left-out /);
    await label(optOut, null);
    await isToldOnPod(
      world,
      'left-out',
      /^NotInjected: .*the webhook was not called, or they did not ask yet/,
    );
    await world.remove(pods, 'left-out');
    await world.binding('orders', (one) => injectedOf(one) === '', 'has no Pods');
  }, 120_000);

  it('since its binding came later, and writes another Secret, is told so', async () => {
    const optional = { 'wait.bind.servicecatalog.k8s.io/db': 'optional' };
    await createPod('early', { 'bind.servicecatalog.k8s.io/db': 'binding/late', ...optional });
    await world.createBinding('late', 'orders', { secretName: 'elsewhere' });
    await tellsBinding('late', /^False PodsWithoutIt 0 of 1 Pod .*writes Secret "elsewhere"\)$/);
    await isToldOnPod(world, 'early', /^NotInjected: Pods run without "db".*Secret "late".*"elsewhere"/);
    await world.remove(pods, 'early');
  }, 120_000);

  it('since it did not ask when it was made, is told so', async () => {
    await createPod('late');
    await world.client.patch(
      pods,
      { namespace: world.namespace, name: 'late' },
      { metadata: { annotations: asks } },
      { type: 'merge' },
    );
    await isToldOnPod(world, 'late', /^NotInjected: Pods run without "db"/);
    await tellsBinding('orders', /^False PodsWithoutIt .*Without it: late /);
    await world.remove(pods, 'late');
  }, 120_000);
});

it('a PodPreset that is left out of a Pod says so in its status, and on the Pod', async () => {
  await label('servicecatalog.k8s.io/pod-presets', 'enabled');
  const spec = { selector: {}, env: [{ name: 'PROXY', value: 'theirs' }] };
  const metadata = { namespace: world.namespace, name: 'proxy' };
  await world.client.create(podPresets, { metadata, spec } as KubeObject);
  await world.until(podPresets, 'proxy', isReady, 'is usable');
  let made = 0;
  await waitFor(async () => {
    made += 1;
    await createPod(`plain-${made}`);
    const told = await world.find<PodPreset>(podPresets, 'proxy');
    return told !== undefined && injectedOf(told).startsWith('True PodsHaveIt') ? told : undefined;
  });
  await createPod('clash', {}, { containers: [{ ...main, env: [{ name: 'PROXY', value: 'mine' }] }] });
  await isToldOnPod(world, 'clash', /^PresetLeftOut: Pods run without PodPreset "proxy".*env PROXY/);
  const preset = await world.until<PodPreset>(
    podPresets,
    'proxy',
    (one) => injectedOf(one).startsWith('False LeftOutOfPods'),
    'tells that it was left out',
  );
  expect(injectedOf(preset)).toMatch(/Left out of clash \(container "main", env PROXY/);
  expect(preset.status?.conditions?.map(({ type }) => type)).toEqual(['Injected', 'Ready']);
}, 120_000);
