import { findCondition } from '../../../src/api/conditions.ts';
import { removalAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances, type Kind } from '../../../src/api/kinds.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import { customResourceDefinitions } from '../../../src/kube/resources.ts';
import { installDefinitions } from '../api/catalog-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const refOf = ({ plural, group }: Kind) => ({ name: `${plural}.${group}` });
const kinds = [serviceBindings, serviceInstances] as const;

const isWithheld = ({ status }: ServiceBinding): boolean =>
  findCondition(status?.conditions, 'Ready')?.message?.includes('is being deleted, and all objects') === true;

it('nothing is deleted at a broker because its kind is deleted, until a person says that it is meant', async () => {
  await world.createInstance('db');
  await world.createBinding('db', 'db');
  await world.binding('db', isReady, 'is ready');
  world.broker.forget();

  for (const kind of kinds) await world.client.delete(customResourceDefinitions, refOf(kind));
  await world.binding('db', isWithheld, 'says that nothing is deleted at the broker');
  // As after a removal and an installation anew: a controller that begins finds objects that are being deleted.
  await world.stopControllers();
  world.startControllers();
  const before = await world.binding('db', isWithheld, 'is there');
  await world.binding(
    'db',
    ({ status }) => status?.attempts !== before.status?.attempts,
    'is looked at again',
  );
  const deleted = [...world.broker.requestsOf('unbind'), ...world.broker.requestsOf('deprovision')];
  expect(deleted).toEqual([]);
  expect([world.broker.liveInstances().length, world.broker.liveBindings().length]).toEqual([1, 1]);

  for (const kind of kinds) {
    const annotations = { [removalAnnotation]: 'deprovision' };
    await world.client.patch(
      customResourceDefinitions,
      refOf(kind),
      { metadata: { annotations } },
      { type: 'merge' },
    );
  }
  await waitFor(() => world.broker.liveInstances().length === 0, {
    timeoutMs: 45_000,
    describe: 'the service is deprovisioned',
  });
  for (const kind of kinds)
    await waitFor(() => isGone(kind), { timeoutMs: 45_000, describe: `${kind.plural} are gone` });
  expect(world.broker.liveBindings()).toEqual([]);
  // The end of every story looks at all kinds.
  await installDefinitions(world.controlPlane);
}, 120_000);

async function isGone(kind: Kind): Promise<boolean> {
  try {
    await world.client.get(customResourceDefinitions, refOf(kind));
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
