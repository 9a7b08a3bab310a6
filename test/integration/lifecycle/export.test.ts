import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { adoptAnnotation } from '../../../src/api/group.ts';
import {
  clusterServiceClasses,
  clusterServicePlans,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import type { ClusterServicePlan } from '../../../src/api/generated/cluster-service-plan.ts';
import type { KubeList, KubeObject } from '../../../src/kube/objects.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

interface Exported extends KubeObject {
  readonly spec?: Readonly<Record<string, unknown>>;
}

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());

async function exported(...args: readonly string[]) {
  const main = join(import.meta.dirname, '../../../src/main.ts');
  const all = [main, 'export', '--kubeconfig', world.controlPlane.kubeconfig, '-o', 'json', ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, told, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const { items } = JSON.parse(out) as KubeList<Exported>;
  const find = (kind: string, name: string): Exported | undefined =>
    items.find((item) => item.kind === kind && item.metadata.name === name);
  return { code: code as number, out, told, items, find };
}

it('names what is under way, keeps what people have made and set, and shows no secret without being told to', async () => {
  await world.createInstance('ready', { parameters: { size: 'x' } });
  await world.createBinding('ready', 'ready');
  await world.binding('ready', isReady, 'is ready');
  const ready = await world.instance('ready', isReady, 'is ready');

  world.broker.script({ operation: 'deprovision' }, { kind: 'answer', status: 500, body: {} }, 'always');
  await world.createInstance('going');
  await world.instance('going', isReady, 'is ready');
  await world.remove(serviceInstances, 'going');
  await world.createInstance('waiting', { clusterServiceClassExternalName: 'not-there' });

  // Of the catalog, with a default of an administrator; the other one is made by hand.
  const { items: plans } = await world.client.list<ClusterServicePlan>(clusterServicePlans);
  const plan = plans.find(({ spec }) => spec.externalName === 'small');
  const { name = '' } = plan?.metadata ?? {};
  const defaults = { spec: { defaultProvisionParameters: { size: 'small' } } };
  await world.client.patch(clusterServicePlans, { name }, defaults, { type: 'merge' });
  const ofPlan = plan?.spec.clusterServiceClassRef.name ?? '';
  const found = await world.client.get<Exported>(clusterServiceClasses, { name: ofPlan });
  const byHand = { metadata: { name: 'by-hand' }, spec: { ...found.spec, externalName: 'by-hand' } };
  await world.client.create(clusterServiceClasses, byHand);

  const { code, told, items, find, out } = await exported();
  expect(told).toMatch(/ServiceInstance "[^"]+\/going" is left out: it is being deleted/);
  expect(told).toContain(`Not exported, and needed: Secret "${world.namespace}/broker-auth"`);
  expect(code).toBe(2);
  expect(find('ServiceInstance', 'going')).toBeUndefined();
  expect(find('ServiceInstance', 'ready')?.metadata.annotations?.[adoptAnnotation]).toBe('true');
  expect(find('ServiceInstance', 'ready')?.spec).toMatchObject({ externalID: ready.status?.instanceID });
  expect(find('ServiceInstance', 'waiting')?.metadata.annotations?.[adoptAnnotation]).toBeUndefined();
  expect(find('ClusterServicePlan', name)?.spec).toMatchObject(defaults.spec);
  expect(
    items.filter(({ kind }) => kind === 'ClusterServiceClass').map(({ metadata }) => metadata.name),
  ).toEqual(['by-hand']);
  // Order of the kinds, and no Secret.
  expect([...new Set(items.map(({ kind }) => kind))]).toEqual([
    'ClusterServiceBroker',
    'ClusterServiceClass',
    'ClusterServicePlan',
    'ServiceInstance',
    'ServiceBinding',
  ]);
  for (const field of [
    'uid',
    'resourceVersion',
    'managedFields',
    'ownerReferences',
    'finalizers',
    'userInfo',
    'status',
  ]) {
    expect(out).not.toContain(`"${field}":`);
  }
  const withSecrets = await exported('--with-secrets');
  const secrets = withSecrets.items
    .filter(({ kind }) => kind === 'Secret')
    .map(({ metadata }) => metadata.name);
  expect(secrets).toEqual(['ready', 'broker-auth']);
  const alone = await exported('-n', world.namespace);
  expect(new Set(alone.items.map(({ kind }) => kind))).toEqual(
    new Set(['ServiceInstance', 'ServiceBinding']),
  );
}, 120_000);

it('takes many objects in pages, each once and in order', async () => {
  const names = Array.from({ length: 130 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
  for (const name of names) await world.createBinding(name, 'nobody');
  const { items } = await exported('-n', world.namespace);
  const many = items.filter(
    ({ kind, metadata }) => kind === serviceBindings.kind && metadata.name.startsWith('many-'),
  );
  expect(many.map(({ metadata }) => metadata.name)).toEqual(names);
}, 120_000);
