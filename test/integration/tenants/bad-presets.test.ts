import type { PodPreset, PodPresetSpec } from '../../../src/api/generated/pod-preset.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { podPresets } from '../../../src/api/kinds.ts';
import type { RawPod } from '../../../src/injection/pod.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { namespaces, pods } from '../../../src/kube/resources.ts';
import { startInstalled, tenant } from '../../support/installed-bindery.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Whoever may write PodPresets must not be able to stop the Pods of others. */
let world: ServiceWorld;
let mallory: KubeClient;
let developer: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await startInstalled(world);
  mallory = await tenant(world, 'mallory', { [world.namespace]: 'edit' });
  developer = await tenant(world, 'developer', { [world.namespace]: 'edit' });
  const labels = { 'servicecatalog.k8s.io/pod-presets': 'enabled' };
  await world.client.patch(
    namespaces,
    { name: world.namespace },
    { metadata: { labels } },
    { type: 'merge' },
  );
  await preset('good', { env: [{ name: 'GOOD', value: '1' }] });
  await world.until(podPresets, 'good', isReady, 'is usable');
  // What selects namespaces hears of a label a moment later.
  await waitFor(async () => JSON.stringify(await pod('before', true)).includes('"GOOD"'));
}, 90_000);
afterAll(() => world?.stop());

async function preset(name: string, spec: Partial<PodPresetSpec>): Promise<void> {
  const metadata = { namespace: world.namespace, name };
  await mallory.create(podPresets, { metadata, spec: { selector: {}, ...spec } } as KubeObject);
}

/** A Pod that asks for nothing, as the API server would store it. */
async function pod(name: string, dryRun = false): Promise<RawPod> {
  const metadata = { namespace: world.namespace, name, labels: { app: name } };
  const spec = { containers: [{ name: 'main', image: 'registry.example.com/app:1' }] };
  return developer.create<KubeObject>(pods, { metadata, spec } as KubeObject, { dryRun });
}

const isRefused = ({ status }: PodPreset): boolean =>
  findCondition(status?.conditions, 'Ready')?.status === 'False';

it.each<[string, Partial<PodPresetSpec>, string]>([
  ['variable', { env: [{ name: 'A=B', value: '1' }] }, 'env "A=B" can not be the name of a variable'],
  [
    'both',
    { env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'has both',
  ],
  ['source', { envFrom: [{ prefix: 'X_' }] }, 'envFrom needs either'],
  ['volume', { volumes: [{ name: 'v', secret: {}, emptyDir: {} }] }, 'has 2 sources'],
  ['size', { volumes: [{ name: 'v', emptyDir: { sizeLimit: 'big' } }] }, 'sizeLimit is no quantity'],
  ['twice', { volumes: [{ name: 'v' }, { name: 'v' }] }, 'volume "v" is there twice'],
  [
    'sub-path',
    { volumes: [{ name: 'v' }], volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '..' }] },
    'relative path',
  ],
])('a preset with a bad %s says so, and Pods start without it', async (name, spec, message) => {
  await preset(name, spec);
  // Whether the controller has looked at it or not.
  expect(JSON.stringify((await pod(`pod-${name}`)).spec)).toContain('"GOOD"');
  const refused = await world.until<PodPreset>(podPresets, name, isRefused, 'is refused');
  expect(refused.status?.conditions?.map(({ type }) => type)).toEqual(['Stalled', 'Ready', 'Failed']);
  expect(findCondition(refused.status?.conditions, 'Ready')).toMatchObject({
    reason: 'Invalid',
    message: expect.stringContaining(message) as string,
  });
  await world.remove(podPresets, name);
});

it('a mount of a volume that a Pod does not have is left out of that Pod', async () => {
  await preset('mount', { volumeMounts: [{ name: 'cache', mountPath: '/cache' }] });
  await world.until(podPresets, 'mount', isReady, 'is usable: Pods may have that volume');
  expect(JSON.stringify((await pod('without-cache')).spec)).not.toContain('/cache');
  await world.remove(podPresets, 'mount');
});

it('a preset that is mended is used', async () => {
  await preset('mended', { env: [{ name: 'A=B', value: '1' }] });
  await world.until<PodPreset>(podPresets, 'mended', isRefused, 'is refused');
  const spec = { env: [{ name: 'MENDED', value: '1' }] };
  const ref = { namespace: world.namespace, name: 'mended' };
  await mallory.patch(podPresets, ref, { spec }, { type: 'merge' });
  const mended = await world.until<PodPreset>(podPresets, 'mended', isReady, 'is usable');
  expect(mended.status).toMatchObject({ observedGeneration: 2, lastConditionState: 'Ready' });
  await waitFor(async () => JSON.stringify(await pod('after', true)).includes('"MENDED"'));
});

// Last: what selects namespaces hears of a label a moment later.
it('a preset says what its namespace lacks, until it has it', async () => {
  const lacks = (found: KubeObject): boolean => readyReason(found) === 'NamespaceNotLabelled';
  const label = async (value: string | null): Promise<void> => {
    const labels = { 'servicecatalog.k8s.io/pod-presets': value };
    await world.client.patch(
      namespaces,
      { name: world.namespace },
      { metadata: { labels } },
      { type: 'merge' },
    );
  };
  await label(null);
  await world.until(podPresets, 'good', lacks, 'says so');
  await label('enabled');
  await world.until(podPresets, 'good', isReady, 'is usable again');
});
