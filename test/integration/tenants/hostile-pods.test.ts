import type { BinderyProcess } from '../../../demo/bindery-process.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { deployments, pods } from '../../../src/kube/resources.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';

const group = 'bind.servicecatalog.k8s.io';
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

let world: ServiceWorld;
let bindery: BinderyProcess;
beforeAll(async () => {
  world = await ServiceWorld.start({ controllers: 'none' });
  bindery = await world.startBindery('--leader-elect=false');
}, 90_000);
afterAll(() => world?.stop());

function podSpec(containers: number): object {
  return { containers: many(containers, (at) => ({ name: `c${at}`, image: 'registry.example.com/x:1' })) };
}

function pod(name: string, annotations: Record<string, string>, containers = 1): KubeObject {
  const metadata = { name, namespace: world.namespace, annotations };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(containers) } as KubeObject;
}

const alike = Object.fromEntries(
  many(600, (at) => [
    [`${group}/${'a'.repeat(58)}${String(at).padStart(5, '0')}`, ''],
    [`env.${group}/${'b'.repeat(58)}${String(at).padStart(5, '0')}`, 'X=y'],
  ]).flat(),
) as Record<string, string>;
const variables = (count: number): string => many(count, (at) => `V${at}=a`).join(',');

it.each<[string, Record<string, string>, number, string]>([
  ['names that resemble each other', alike, 1, '600 annotations bind.servicecatalog.k8s.io/… are too many'],
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
  await expect(world.client.create(pods, pod('hostile', annotations, size))).rejects.toThrow(message);
});

it('a Pod with 300 containers gets its binding', async () => {
  const created = await world.client.create<KubeObject>(
    pods,
    pod('wide', { [`${group}/db`]: 'secret/s' }, 300),
  );
  expect(JSON.stringify(created).match(/"\/bindings\/db"/g)).toHaveLength(300);
});

it('a Deployment whose Pods would be refused is refused when it is written', async () => {
  const annotations = Object.fromEntries(many(33, (at) => [`${group}/b${at}`, 'secret/s']));
  const labels = { app: 'greedy' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'greedy', namespace: world.namespace, annotations },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(1) } },
  } as KubeObject;
  await expect(world.client.create(deployments, deployment)).rejects.toThrow(
    /its Pods would be refused: 33 annotations .* 32 are allowed: ask for fewer/,
  );
});

it('the webhook stays within its memory, and answers none of them with an error of its own', async () => {
  const text = await bindery.metrics();
  expect(text).not.toMatch(/bindery_admission_duration_seconds_count\{[^}]*outcome="failed"/);
  const [, bytes = 'unknown'] = /^process_resident_memory_bytes (\S+)/m.exec(text) ?? [];
  expect(Number(bytes)).toBeLessThan(400 * 2 ** 20);
});
