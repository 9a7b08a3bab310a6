import {
  cascadeAnnotation as cascade,
  deletionPolicyAnnotation,
  deletionProtectionAnnotation as protection,
} from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { events, pods } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { annotate, readyInstance } from './instance-actions.ts';

const blocked = 'DeprovisionBlockedByExistingCredentials';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world?.stop());

/** What was deleted at the broker, in order; a request that was repeated counts once. */
const deletedOf = (id: string | undefined): readonly string[] => [
  ...new Set(
    world.broker.requests
      .filter(
        ({ instanceId, operation }) => instanceId === id && /^(unbind|deprovision)$/.test(operation ?? ''),
      )
      .map(({ operation, bindingId }) => `${operation} ${bindingId ?? ''}`),
  ),
];

/** @returns the id of the instance at the broker */
async function boundInstance(name: string, logins: readonly string[]): Promise<string | undefined> {
  const { status } = await readyInstance(world, name);
  for (const login of logins) await world.createBinding(login, name);
  for (const login of logins) await world.binding(login, isReady, 'is ready');
  return status?.instanceID;
}

async function protect(login: string, value: string | null): Promise<void> {
  const patch = { metadata: { annotations: { [protection]: value } } };
  const ref = { namespace: world.namespace, name: login };
  await world.client.patch(serviceBindings, ref, patch, { type: 'merge' });
}

describe('an instance that is deleted with what is bound to it', () => {
  it('takes its bindings along first (56)', async () => {
    const id = await boundInstance('db', ['one', 'two']);
    await annotate(world, 'db', { [cascade]: 'true' });
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceInstances, 'db');
    expect(await world.find(serviceBindings, 'one')).toBeUndefined();
    expect(deletedOf(id)).toHaveLength(3);
    expect(deletedOf(id).at(-1)).toContain('deprovision');
  }, 60_000);

  it('says so while it lasts, also when that was said after the deletion', async () => {
    await boundInstance('slow', ['slow']);
    const refusing = world.broker.script({ operation: 'unbind' }, { kind: 'answer', status: 500 }, 100);
    await world.remove(serviceInstances, 'slow');
    await world.instance('slow', (one) => readyReason(one) === blocked, 'waits');
    await annotate(world, 'slow', { [cascade]: 'true' });
    const isTold = (one: Parameters<typeof readyReason>[0]): boolean =>
      readyReason(one) === 'ServiceBindingsDeletion';
    const told = await world.instance('slow', isTold, 'says so');
    expect(told.status?.conditions?.at(-1)?.message).toContain(': slow');
    refusing.cancel();
    await world.gone(serviceInstances, 'slow');
  }, 60_000);

  it('deletes none where one is protected, and all when that is lifted', async () => {
    const id = await boundInstance('part', ['free', 'safe']);
    await protect('safe', 'true');
    await annotate(world, 'part', { [cascade]: 'true' });
    await world.remove(serviceInstances, 'part');
    const held = await world.instance('part', (one) => readyReason(one) === blocked, 'waits');
    expect(held.status?.conditions?.at(-1)?.message).toContain('none is deleted, as safe is protected');
    expect(await world.find(serviceBindings, 'free')).not.toHaveProperty('metadata.deletionTimestamp');
    expect(deletedOf(id)).toEqual([]);
    await protect('safe', null);
    await world.gone(serviceInstances, 'part');
  }, 60_000);

  it('keeps the service where it is to be retained', async () => {
    const id = await boundInstance('kept', ['kept']);
    await annotate(world, 'kept', { [cascade]: 'true', [deletionPolicyAnnotation]: 'retain' });
    await world.remove(serviceInstances, 'kept');
    await world.gone(serviceInstances, 'kept');
    expect(deletedOf(id)).toEqual([expect.stringContaining('unbind')]);
  }, 60_000);
});

it('an instance that is deleted while it is bound tells which Pods use it', async () => {
  using _ = world.undisturbed('what was not told yet ends with the process');
  await boundInstance('used', ['used']);
  const { namespace } = world;
  const annotations = { 'status.servicecatalog.k8s.io/injected': '{"v":1}' };
  const spec = { containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: 'used' } }] }] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', namespace, annotations }, spec };
  await world.client.create(pods, pod);
  await world.remove(serviceInstances, 'used');
  const says = (message = ''): boolean => message.includes(': used; in use by Pod "app"');
  await world.instance('used', ({ status }) => says(status?.conditions?.at(-1)?.message), 'says so');
  await waitFor(
    async () =>
      (await world.client.list<EventObject>(events, { namespace })).items.some(
        ({ reason, message }) => reason === blocked && says(message),
      ),
    { timeoutMs: 45_000, describe: 'an Event tells it' },
  );
  await world.remove(serviceBindings, 'used');
  await world.gone(serviceInstances, 'used');
}, 60_000);
