import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, namespaces, pods } from '../../../src/kube/resources.ts';
import { startInstalled, tenant, type InstalledBindery } from '../../support/installed-bindery.ts';
import { mebibyte, peakBytes } from '../../support/peak-memory.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { asking, deploy, requestedFor } from '../workloads/requested-services.ts';

const group = 'bind.servicecatalog.k8s.io';
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** On one machine with others, and from sources; `npm run bench -- admission` shows what ships needs. */
const maxBytes = 400 * mebibyte;
const theirs = 'mallorys';

let world: ServiceWorld;
let bindery: InstalledBindery;
let mallory: KubeClient;
let developer: KubeClient;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  await world.client.create(namespaces, { metadata: { name: theirs } });
  mallory = await tenant(world, 'mallory', { [theirs]: 'system:aggregate-to-edit' });
  for (let at = 0; at < 8; at++) await mallory.create(deployments, deployment(`old-${at}`, alike(1_200)));
  for (let at = 0; at < 20; at++) await mallory.create(deployments, deployment(`full-${at}`, fullOfValues()));
  bindery = await startInstalled(world);
  await world.register();
  developer = await tenant(world, 'developer', { [world.namespace]: 'edit' });
}, 120_000);
afterAll(() => world?.stop());

function podSpec(containers: number): object {
  return { containers: many(containers, (at) => ({ name: `c${at}`, image: 'registry.example.com/x:1' })) };
}

function pod(name: string, annotations: Record<string, string>, containers = 1): KubeObject {
  const metadata = { name, namespace: theirs, annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(containers) } as KubeObject;
}

function deployment(name: string, annotations: Record<string, string>): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels, annotations }, spec: podSpec(1) };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: theirs },
    spec,
  } as KubeObject;
}

/** Annotations that resemble each other. */
function alike(pairs: number): Record<string, string> {
  const annotations = many(pairs, (at) => {
    const digits = String(at).padStart(5, '0');
    return [
      [`${group}/${'a'.repeat(58)}${digits}`, ''],
      [`env.${group}/${'b'.repeat(58)}${digits}`, 'X=y'],
    ];
  });
  return Object.fromEntries(annotations.flat()) as Record<string, string>;
}

/** Nothing is made for it, so that no quota counts it, and what it says has to be looked at all the same. */
function fullOfValues(): Record<string, string> {
  const values = `{"a":[${many(20_000, () => '{}').join(',')}]}`;
  const requests = many(4, (at) => [
    [`${group}/y${at}`, 'request/postgresql/small'],
    [`params.${group}/y${at}`, values],
  ]);
  return { ...Object.fromEntries(requests.flat()), 'inject.servicecatalog.k8s.io': 'disabled' };
}

const variables = (count: number): string => many(count, (at) => `V${at}=a`).join(',');

it.each<[string, Record<string, string>, number, string]>([
  [
    'names that resemble each other',
    alike(600),
    1,
    '600 annotations bind.servicecatalog.k8s.io/… are too many',
  ],
  [
    'variables',
    { [`${group}/db`]: 'secret/s', [`env.${group}/db`]: variables(40_000) },
    10,
    '262144 are allowed',
  ],
  [
    'variables in less',
    { [`${group}/db`]: 'secret/s', [`env.${group}/db`]: variables(20_000) },
    10,
    '20000 variables are too many, 256 are allowed',
  ],
  ['bytes', { [`${group}/db`]: 'secret/s', note: 'x'.repeat(2_500_000) }, 1, '262144 are allowed'],
])('a Pod with too many %s is refused with what is too much', async (_title, annotations, size, message) => {
  await expect(mallory.create(pods, pod('hostile', annotations, size))).rejects.toThrow(message);
});

it('a Pod with 300 containers gets its binding', async () => {
  const created = await mallory.create<KubeObject>(pods, pod('wide', { [`${group}/db`]: 'secret/s' }, 300));
  expect(JSON.stringify(created).match(/"\/bindings\/db"/g)).toHaveLength(300);
});

it('a Deployment whose Pods would be refused is refused when it is written', async () => {
  const annotations = Object.fromEntries(many(33, (at) => [`${group}/b${at}`, 'secret/s']));
  await expect(mallory.create(deployments, deployment('greedy', annotations))).rejects.toThrow(
    /its Pods would be refused: 33 annotations .* 32 are allowed: ask for fewer/,
  );
});

it('Deployments that were written when no webhook was asked keep the controller from nobody', async () => {
  const { namespace } = world;
  await deploy({ client: developer, namespace }, 'app', asking('db'));
  await world.instance(requestedFor(namespace, 'app', 'db').instance, isReady, 'is ready');
  const { items } = await world.client.list(serviceInstances, { namespace: theirs });
  expect(items).toEqual([]);
});

it('what such workloads say is not read again whenever one of them changes', async () => {
  const { namespace } = world;
  using _ = world.undisturbed('counts the CPU time of one process');
  const before = await cpuSeconds(bindery.controller);
  for (let at = 0; at < 5; at++) {
    const patch = { metadata: { annotations: { touched: String(at) } } };
    await mallory.patch(deployments, { namespace: theirs, name: `full-${at}` }, patch, { type: 'merge' });
    await deploy({ client: developer, namespace }, `app-${at}`, asking(`db-${at}`));
    await world.instance(requestedFor(namespace, `app-${at}`, `db-${at}`).instance, isReady, 'is ready');
  }
  // Half a second. Read at each change, it was seven seconds for each of them.
  expect((await cpuSeconds(bindery.controller)) - before).toBeLessThan(10);
}, 120_000);

async function cpuSeconds(role: BinderyProcess): Promise<number> {
  const [, seconds] = /^process_cpu_seconds_total (\S+)$/m.exec(await role.metrics()) ?? [];
  return Number(seconds);
}

it('both roles stay within their memory, and the webhook answers none of it with an error of its own', async () => {
  expect(await bindery.webhook.metrics()).not.toMatch(
    /bindery_admission_duration_seconds_count\{[^}]*outcome="failed"\} [1-9]/,
  );
  for (const role of [bindery.webhook, bindery.controller]) {
    expect(await peakBytes(role)).toBeLessThan(maxBytes);
  }
});
