import {
  deletionPolicyAnnotation,
  deletionProtectionAnnotation as protection,
} from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { events } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { annotate, readyInstance } from './instance-actions.ts';

// Without policies: as where somebody was faster, or took them away.
let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world?.stop());

const requestsOf = (operation: 'deprovision' | 'unbind', id: string | undefined): readonly unknown[] =>
  world.broker
    .requestsOf(operation)
    .filter((request) => (operation === 'unbind' ? request.bindingId : request.instanceId) === id);

it('an instance that is deleted while it is protected stays at the broker until that is lifted', async () => {
  const { status } = await readyInstance(world, 'db');
  await annotate(world, 'db', { [protection]: 'true' });
  await world.remove(serviceInstances, 'db');
  const held = await world.instance('db', (one) => readyReason(one) === 'DeletionProtected', 'says why');
  expect(held.status?.conditions?.at(-1)?.message).toContain(`while ${protection} is "true"`);
  expect(requestsOf('deprovision', status?.instanceID)).toEqual([]);
  await annotate(world, 'db', { [protection]: null });
  await world.gone(serviceInstances, 'db');
  expect(requestsOf('deprovision', status?.instanceID)).toHaveLength(1);
}, 60_000);

it('a binding that is deleted while it is protected keeps its login and its Secret', async () => {
  await readyInstance(world, 'bound');
  await world.createBinding('login', 'bound');
  const { status } = await world.binding('login', isReady, 'is ready');
  const ref = { namespace: world.namespace, name: 'login' };
  const patch = { metadata: { annotations: { [protection]: 'true' } } };
  await world.client.patch(serviceBindings, ref, patch, { type: 'merge' });
  await world.remove(serviceBindings, 'login');
  await world.binding('login', (one) => readyReason(one) === 'DeletionProtected', 'says why');
  expect(requestsOf('unbind', status?.bindingID)).toEqual([]);
  expect(await world.secret('login')).toHaveProperty('password');
  const lifted = { metadata: { annotations: { [protection]: 'false' } } };
  await world.client.patch(serviceBindings, ref, lifted, { type: 'merge' });
  await world.gone(serviceBindings, 'login');
}, 60_000);

it('an instance that is protected too late can still be retained when that is lifted', async () => {
  const { status } = await readyInstance(world, 'late');
  await annotate(world, 'late', { [protection]: 'true' });
  await world.remove(serviceInstances, 'late');
  await world.instance('late', (one) => readyReason(one) === 'DeletionProtected', 'says why');
  await annotate(world, 'late', { [protection]: null, [deletionPolicyAnnotation]: 'retain' });
  await world.gone(serviceInstances, 'late');
  expect(requestsOf('deprovision', status?.instanceID)).toEqual([]);
}, 60_000);

it('what the broker was asked to delete already is not protected any more, and that is told', async () => {
  using _ = world.undisturbed('what was not told yet ends with the process');
  await readyInstance(world, 'sent');
  world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: Infinity });
  await world.remove(serviceInstances, 'sent');
  await world.instance('sent', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
  await annotate(world, 'sent', { [protection]: 'true' });
  await waitFor(
    async () => {
      const { items } = await world.client.list<EventObject>(events, { namespace: world.namespace });
      return items.some(
        ({ reason, involvedObject }) => reason === 'ProtectionTooLate' && involvedObject.name === 'sent',
      );
    },
    { timeoutMs: 45_000, describe: 'it is told that it is too late' },
  );
}, 60_000);
