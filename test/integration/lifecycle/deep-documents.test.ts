import { findCondition } from '../../../src/api/conditions.ts';
import { clusterServiceBrokers, serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';

/** So deep that recursions overflow the stack; JSON.stringify and the API server take it. */
const levels = 4000;
const deepText = `${'{"a":'.repeat(levels)}{}${'}'.repeat(levels)}`;
const deep = JSON.parse(deepText) as Readonly<Record<string, unknown>>;

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 60_000);
afterAll(() => world.stop());

const isAboutParameters = (object: KubeObject): boolean => readyReason(object) === 'ErrorWithParameters';

const ready = (object: KubeObject | undefined): string =>
  findCondition((object as ServiceBinding | undefined)?.status?.conditions, 'Ready')?.message ?? '';

it('parameters of an instance that nest too deep are told in a condition', async () => {
  await world.createInstance('deep', { parameters: deep });
  const told = await world.instance('deep', isAboutParameters, 'says what is wrong');
  expect(ready(told)).toContain('nested deeper than 100 levels');
  await world.remove(serviceInstances, 'deep');
  await world.gone(serviceInstances, 'deep');
});

it('parameters of a binding that nest too deep are told in a condition', async () => {
  await world.createBinding('deep', 'db', { parameters: deep });
  const told = await world.binding('deep', isAboutParameters, 'says what is wrong');
  expect(ready(told)).toContain('nested deeper than 100 levels');
  await world.remove(serviceBindings, 'deep');
  await world.gone(serviceBindings, 'deep');
});

it('credentials that nest too deep are told in a condition, and unbound', async () => {
  const rawBody = `{"credentials":${deepText}}`;
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, rawBody }, 'always');
  await world.createBinding('deep', 'db');
  const told = await world.binding(
    'deep',
    (binding) => ready(binding).includes('nested'),
    'says what is wrong',
  );
  expect(ready(told)).toContain('nested deeper than 100 levels');
  expect(isFailed(told)).toBe(false);
  world.broker.forget();
  await world.binding('deep', isReady, 'is ready once the broker has come to its senses');
});

it('a catalog that nests too deep is told in the condition of its broker, and the last good one stays', async () => {
  const [service, ...others] = sampleCatalog().services;
  const text = JSON.stringify({ services: [{ ...service, metadata: { deep: 'here' } }, ...others] });
  world.broker.script(
    { operation: 'catalog' },
    { kind: 'answer', status: 200, rawBody: text.replace('"here"', deepText) },
    'always',
  );
  await world.client.patch(
    clusterServiceBrokers,
    { name: 'test' },
    { spec: { relistRequests: 7 } },
    { type: 'merge' },
  );
  const isTold = (object: KubeObject): boolean => ready(object).includes('nested deeper');
  await world.until(clusterServiceBrokers, 'test', isTold, 'says what is wrong');
  await world.createInstance('another');
  await world.instance('another', isReady, 'is ready');
});
