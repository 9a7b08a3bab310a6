import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { apiVersion } from '../../../src/api/group.ts';
import {
  clusterServiceBrokers,
  clusterServiceClasses,
  podPresets,
  serviceBindings,
  serviceInstances,
} from '../../../src/api/kinds.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { mutatingWebhookConfigurations, namespaces, pods } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { buildBundle, startShipped } from '../../bench/shipped-bindery.ts';
import {
  installBindery,
  kubeconfigOf,
  tenant,
  webhookFlags,
  type Role,
} from '../../support/installed-bindery.ts';
import { mebibyte, peakBytes } from '../../support/peak-memory.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

const theirs = 'mallorys';
/**
 * What the manifests give the containers. Writing such objects is a second of work each for the API server, so there are
 * few here; `npm run bench -- memory` shows what many need.
 */
const limits = { controller: 512 * mebibyte, webhook: 256 * mebibyte };

/** Of all JSON that takes the most memory. */
function emptyObjects(bytes: number): Readonly<Record<string, unknown>> {
  return { x: Array.from({ length: Math.floor(bytes / 3) }, () => ({})) };
}

let world: ServiceWorld;
let mallory: KubeClient;
const running = new Map<Role, BinderyProcess>();
let webhookUrl: URL;

beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  const { client } = world;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: theirs } });
  webhookUrl = await installBindery(world);
  mallory = await tenant(world, 'mallory', { [theirs]: 'edit' });
  await buildBundle(AbortSignal.timeout(60_000));
  // The classes are there before the instances, and no webhook is asked about these.
  await start('controller');
  await client.delete(mutatingWebhookConfigurations, { name: 'bindery' });
  // The API server asks a webhook for a moment longer than its configuration is there.
  const probe = { metadata: { name: 'probe' }, spec: { url: world.broker.url } } as KubeObject;
  await waitFor(() => client.create(clusterServiceBrokers, probe, { dryRun: true }), {
    describe: 'nothing is asked of the webhook',
  });
  await world.register();
  await stop('controller');
}, 300_000);
afterAll(async () => {
  await Promise.all([...running.values()].map((role) => role.stop()));
  await world?.stop();
});

async function start(role: Role): Promise<void> {
  const args = role === 'webhook' ? webhookFlags(webhookUrl) : ['--leader-elect=false'];
  const kubeconfig = await kubeconfigOf(role, world.controlPlane);
  const signal = AbortSignal.timeout(60_000);
  running.set(role, await startShipped({ kubeconfig, role, args, signal }));
}

async function stop(role: Role): Promise<void> {
  await running.get(role)?.stop();
  running.delete(role);
}

async function restart(): Promise<void> {
  for (const role of running.values()) await role.restart(AbortSignal.timeout(60_000));
}

async function expectBounded(): Promise<void> {
  const peaks = await Promise.all(
    [...running].map(async ([role, bindery]) => [role, (await peakBytes(bindery)) / mebibyte] as const),
  );
  for (const [role, peak] of peaks) expect(peak).toBeLessThan(limits[role] / mebibyte);
}

function instance(name: string, parameters: Readonly<Record<string, unknown>>): Promise<ServiceInstance> {
  return mallory.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: 'ServiceInstance',
    metadata: { name, namespace: theirs },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      parameters,
    },
  });
}

function instanceOf(name: string): Promise<ServiceInstance> {
  return world.client.get<ServiceInstance>(serviceInstances, { namespace: theirs, name });
}

/** To read one of them is work for the API server, and to write one is more. */
const patience = { timeoutMs: 240_000, intervalMs: 2_000 };

function until(
  name: string,
  condition: (instance: ServiceInstance) => boolean,
  what: string,
): Promise<ServiceInstance> {
  const found = async (): Promise<ServiceInstance | undefined> => {
    const last = await instanceOf(name);
    return condition(last) ? last : undefined;
  };
  return waitFor(found, { ...patience, describe: `${name} ${what}` });
}

const failed = (object: KubeObject): boolean =>
  isFailed(object) && readyReason(object) === 'ErrorWithParameters';

describe('objects that were written when nobody looked', () => {
  const names = Array.from({ length: 4 }, (_, at) => `old-${at}`);

  beforeAll(async () => {
    const large = emptyObjects(700_000);
    for (const name of names) await instance(name, large);
    for (let at = 0; at < 2; at++) {
      await mallory.create(serviceBindings, {
        apiVersion,
        kind: 'ServiceBinding',
        metadata: { name: `old-${at}`, namespace: theirs },
        spec: { instanceRef: { name: `old-${at}` }, parameters: large },
      } as KubeObject);
    }
    await installBindery(world, webhookUrl);
    await start('controller');
    await start('webhook');
  }, 300_000);

  it('get a condition that says what is too large, and the broker hears nothing', async () => {
    for (const name of names) {
      const { status } = await until(name, failed, 'is told that its parameters are too large');
      const { message = '' } = findCondition(status?.conditions, 'Stalled') ?? {};
      expect(message).toMatch(/^spec\.parameters has \d{6,} bytes, 131072 are allowed\. Make it smaller/);
    }
    expect(world.broker.requestsOf('provision')).toEqual([]);
    await expectBounded();
  }, 300_000);

  it('take no more memory when the roles start anew', async () => {
    await restart();
    await expectBounded();
  }, 300_000);

  it('can be labelled, changed in something else, mended and deleted', async () => {
    const ref = { namespace: theirs, name: 'old-0' };
    const options = { type: 'merge', timeoutMs: 60_000 } as const;
    await mallory.patch(serviceInstances, ref, { metadata: { labels: { a: 'b' } } }, options);
    await mallory.patch(serviceInstances, ref, { spec: { updateRequests: 1 } }, options);
    await mallory.patch(serviceInstances, ref, { spec: { parameters: null } }, options);
    await until('old-0', isReady, 'is ready');
    await mallory.delete(serviceInstances, { namespace: theirs, name: 'old-3' });
    const isGone = async (): Promise<boolean> => (await instanceOf('old-3').catch(() => 'gone')) === 'gone';
    await waitFor(isGone, { ...patience, describe: 'old-3 is gone' });
    await expectBounded();
  }, 300_000);
});

it('new ones are refused with what to do, also many at once and beside large Pods', async () => {
  const large = emptyObjects(700_000);
  const attempts = Array.from({ length: 6 }, async (_, at) => instance(`new-${at}`, large));
  const annotations = { 'bind.servicecatalog.k8s.io/db': 'secret/s' };
  const containers = [{ name: 'main', image: 'registry.example.com/x:1' }];
  const env = Array.from({ length: 10_000 }, (_, at) => ({ name: `V${at}`, value: 'x' }));
  const crowd = Array.from({ length: 12 }, async (_, at) =>
    mallory.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `large-${at}`, namespace: theirs, annotations, labels: { l: 'x' } },
      spec: { containers: [{ ...containers[0], env }] },
    } as KubeObject),
  );
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(String(attempt.status === 'rejected' && attempt.reason)).toMatch(
      /spec\.parameters has \d+ bytes, 131072 are allowed: make it smaller/,
    );
  }
  await Promise.allSettled(crowd);
  await expectBounded();
}, 300_000);

it('many that are just small enough are provisioned, and take the memory of small ones', async () => {
  const large = emptyObjects(130_000);
  const names = Array.from({ length: 8 }, (_, at) => `many-${at}`);
  for (const name of names) await instance(name, large);
  for (const name of names) {
    await until(name, isReady, 'is ready');
  }
  const { parameters } = (await instanceOf('many-0')).status?.externalProperties ?? {};
  expect(parameters).toEqual({ '<omitted>': expect.stringMatching(/^\d+ bytes, sha256:[0-9a-f]{64}$/) });
  const [first] = world.broker.requestsOf('provision').slice(-1);
  expect(JSON.stringify(first?.body)).toContain(JSON.stringify(large));
  await expectBounded();
}, 300_000);

describe('PodPresets', () => {
  const many = 6;

  it('that are too large say so, and take the memory of small ones', async () => {
    const volumes = [{ name: 'v', emptyDir: emptyObjects(1_000_000) }];
    for (let at = 0; at < many; at++) {
      await mallory.create(podPresets, {
        metadata: { name: `large-${at}`, namespace: theirs },
        spec: { selector: {}, volumes },
      } as KubeObject);
    }
    for (let at = 0; at < many; at++) {
      const isTold = (preset: KubeObject): boolean =>
        JSON.stringify(preset).includes('Left out of all Pods: it is larger than 32 KiB');
      const told = async () =>
        isTold(await world.client.get(podPresets, { namespace: theirs, name: `large-${at}` }));
      await waitFor(told, { ...patience, describe: `large-${at} is told that it is too large` });
    }
    await expectBounded();
    await restart();
    await expectBounded();
  }, 300_000);
});

describe('a catalog', () => {
  it('that became too large is not used, and what was offered stays', async () => {
    const before = await world.client.list<KubeObject>(clusterServiceClasses);
    const { catalog } = world.broker;
    const metadata = emptyObjects(200_000);
    const services = Array.from({ length: 72 }, (_, at) => ({
      ...catalog.services[0],
      id: `large-${at}`,
      name: `large-${at}`,
      metadata,
      plans: [{ id: `large-plan-${at}`, name: 'p', description: '' }],
    }));
    world.broker.setCatalog({ services });
    const relist = async (count: number): Promise<void> => {
      const patch = { spec: { relistRequests: count } };
      await world.client.patch(clusterServiceBrokers, { name: 'test' }, patch, { type: 'merge' });
    };
    await relist(1);
    const tooLarge = (broker: KubeObject): boolean => JSON.stringify(broker).includes('--max-catalog-bytes');
    await world.until(clusterServiceBrokers, 'test', tooLarge, 'its catalog is too large');
    expect((await world.client.list(clusterServiceClasses)).items).toEqual(before.items);
    await expectBounded();

    world.broker.setCatalog({ services: [...catalog.services, ...services.slice(0, 35)] });
    await relist(2);
    await world.until(clusterServiceBrokers, 'test', isReady, 'the broker is ready again');
    expect((await world.client.list(clusterServiceClasses)).items).toHaveLength(before.items.length + 35);
    await expectBounded();
  }, 300_000);
});
