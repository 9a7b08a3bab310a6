import type { ClusterServiceClass } from '../../../src/api/generated/cluster-service-class.ts';
import { clusterServiceClasses, clusterServicePlans } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  changeSpec,
  expectCleanBroker,
  readyInstance,
  relist,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

/** Sets the defaults of the class `postgresql` and of its plan `small`, and has the catalog fetched after that. */
async function setDefaults(ofClass: object | null, ofPlan: object | null): Promise<void> {
  await setOn(clusterServiceClasses, 'postgresql', ofClass);
  await setOn(clusterServicePlans, 'small', ofPlan);
  await relist(world);
}

async function setOn(resource: Resource, externalName: string, defaults: object | null): Promise<void> {
  const { items } = await world.client.list<KubeObject & Pick<ClusterServiceClass, 'spec'>>(resource);
  const name = items.find(({ spec }) => spec.externalName === externalName)?.metadata.name ?? '';
  // A merge patch would merge them with those from before.
  for (const value of defaults === null ? [null] : [null, defaults]) {
    const spec = { defaultProvisionParameters: value };
    await world.client.patch(resource, { name }, { spec }, { type: 'merge' });
  }
}

function sent(operation: 'provision' | 'update'): readonly unknown[] {
  return world.broker.requestsOf(operation).map(({ body }) => (body as { parameters?: unknown }).parameters);
}

it('defaults of a plan win over those of its class, and the instance over both; a relist keeps them', async () => {
  await setDefaults({ size: 1, backup: { keep: 7, at: 'night' } }, { size: 2, backup: { keep: 14 } });
  const { status, spec } = await readyInstance(world, 'db', { parameters: { backup: { at: 'noon' } } });
  const defaults = { size: 2, backup: { keep: 14, at: 'night' } };
  const effective = { size: 2, backup: { keep: 14, at: 'noon' } };
  expect(sent('provision')).toEqual([effective]);
  expect(status?.defaultProvisionParameters).toEqual(defaults);
  expect(status?.externalProperties?.parameters).toEqual(effective);
  // What the person wrote stays what they wrote.
  expect(spec.parameters).toEqual({ backup: { at: 'noon' } });
  await removeInstance(world, 'db');
});

it('an instance keeps the defaults it was made with, and a new one gets the new ones', async () => {
  await setDefaults({ size: 1 }, null);
  await readyInstance(world, 'old');
  await setDefaults({ size: 5 }, { extra: true });
  await changeSpec(world, 'old', { parameters: { mode: 'x' } });
  await settled(world, 'old');
  expect(sent('update')).toEqual([{ size: 1, mode: 'x' }]);
  const { status } = await readyInstance(world, 'new');
  expect(sent('provision')).toEqual([{ size: 1 }, { size: 5, extra: true }]);
  expect(status?.defaultProvisionParameters).toEqual({ size: 5, extra: true });
  await removeInstance(world, 'old');
  await removeInstance(world, 'new');
});

it('an instance that was made without any gets none later', async () => {
  await setDefaults(null, null);
  const { status } = await readyInstance(world, 'plain');
  expect(status).not.toHaveProperty('defaultProvisionParameters');
  await setDefaults({ size: 5 }, null);
  await changeSpec(world, 'plain', { parameters: { mode: 'x' } });
  await settled(world, 'plain');
  expect(sent('update')).toEqual([{ mode: 'x' }]);
  await removeInstance(world, 'plain');
});

it('a request that is repeated after a restart has the defaults of the first', async () => {
  await setDefaults({ size: 1 }, null);
  world.broker.script({ operation: 'provision' }, { kind: 'hang', applies: true });
  await world.createInstance('repeated');
  await waitFor(() => world.broker.requestsOf('provision').length === 1);
  await world.stopControllers();
  await setOn(clusterServiceClasses, 'postgresql', { size: 5 });
  world.startControllers();
  await world.instance('repeated', isReady, 'is ready');
  expect(sent('provision')).toEqual([{ size: 1 }, { size: 1 }]);
  await removeInstance(world, 'repeated');
});

it('after a refusal the defaults as they are by then are used', async () => {
  await setDefaults({ size: 'wrong' }, null);
  world.broker.script(
    { operation: 'provision' },
    { kind: 'answer', status: 400, body: { description: 'no' } },
  );
  await world.createInstance('refused');
  await settled(world, 'refused');
  await setDefaults({ size: 1 }, null);
  await changeSpec(world, 'refused', { updateRequests: 1 });
  const { status } = await world.instance('refused', isReady, 'is ready');
  expect(sent('provision')).toEqual([{ size: 'wrong' }, { size: 1 }]);
  expect(status?.defaultProvisionParameters).toEqual({ size: 1 });
  await removeInstance(world, 'refused');
});
