import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { orphanMitigationAnnotation } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceBindings } from '../../../src/api/kinds.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import { isReady, madeNow, readyReason, ServiceWorld } from '../../support/world/service-world.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 60_000);
afterAll(() => world.stop());
afterEach(async () => {
  await annotate(clusterServiceBrokers, { name: 'test' }, null);
  expect(world.broker.violations).toEqual([]);
  expect(world.broker.liveBindings()).toEqual([]);
  world.broker.forget();
});

async function annotate(
  resource: Resource,
  ref: { readonly namespace?: string; readonly name: string },
  value: string | null,
): Promise<void> {
  const annotations = { [orphanMitigationAnnotation]: value };
  await world.client.patch<KubeObject>(resource, ref, { metadata: { annotations } }, { type: 'merge' });
}

/** The broker makes the binding and says 500; its broker object says that nothing is cleaned up. */
async function leftBehind(name: string): Promise<ServiceBinding> {
  await annotate(clusterServiceBrokers, { name: 'test' }, 'disabled');
  const externalID = randomUUID();
  world.broker.script(
    { operation: 'bind', bindingId: externalID },
    { kind: 'answer', status: 500, rawBody: '{}', applies: true },
  );
  await world.createBinding(name, 'db', { externalID }, madeNow());
  const isHeldBack = (binding: ServiceBinding): boolean =>
    readyReason(binding) === 'OrphanMitigationDisabled';
  return world.binding(name, isHeldBack, 'is held back');
}

const unbinds = () => world.broker.requestsOf('unbind').map(({ bindingId }) => bindingId);

describe('orphan mitigation that is switched off', () => {
  it('P38 sends no DELETE, says what may be left and what to do, until the object is deleted', async () => {
    const held = await leftBehind('kept');
    const stalled = findCondition(held.status?.conditions, 'Stalled');
    expect(stalled?.message).toContain(
      `Binding "${held.status?.bindingID}" may have been left at ClusterServiceBroker "test"`,
    );
    expect(stalled?.message).toContain(`set the annotation ${orphanMitigationAnnotation}`);
    expect(unbinds()).toEqual([]);
    expect(world.broker.liveBindings()).toHaveLength(1);
    await world.remove(serviceBindings, 'kept');
    await world.gone(serviceBindings, 'kept');
    expect(unbinds()).toEqual([held.status?.bindingID]);
  });

  it.each([
    ['the binding', 'enabled'],
    ['its broker', null],
  ])('P38 goes on when %s switches it on again, and binds under another id', async (who, value) => {
    const held = await leftBehind('switched');
    const ref = { namespace: world.namespace, name: 'switched' };
    await (who === 'its broker'
      ? annotate(clusterServiceBrokers, { name: 'test' }, value)
      : annotate(serviceBindings, ref, value));
    const ready = await world.binding('switched', isReady, 'is ready');
    expect(unbinds()).toEqual([held.status?.bindingID]);
    expect(ready.status?.bindingID).not.toBe(held.status?.bindingID);
    expect(ready.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    await world.remove(serviceBindings, 'switched');
    await world.gone(serviceBindings, 'switched');
  });
});
