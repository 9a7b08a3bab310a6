import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import {
  purgeAnnotation as purge,
  purgeAskedByAnnotation as askedBy,
  releaseToAnnotation as releaseTo,
  retainedLabel,
} from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { configMaps, events } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { annotate, readyInstance, removeInstance } from './instance-actions.ts';

// As the webhook leaves it: nobody else is here to ask.
const purging = { [purge]: 'true', [askedBy]: 'olga' };

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world?.stop());

function deprovisionsOf({ status }: ServiceInstance): readonly unknown[] {
  return world.broker.requestsOf('deprovision').filter(({ instanceId }) => instanceId === status?.instanceID);
}

async function annotateBinding(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(serviceBindings, ref, { metadata: { annotations } }, { type: 'merge' });
}

async function isTold(namespace: string, told: (event: EventObject) => boolean): Promise<void> {
  await waitFor(
    async () =>
      (await world.client.list<EventObject>(events, { namespace })).items.some(
        (event) => event.reason === 'Purged' && told(event),
      ),
    { timeoutMs: 45_000, describe: `an Event in ${namespace} tells it` },
  );
}

async function recordOf({ status }: ServiceInstance): Promise<ConfigMapObject['data']> {
  const labelSelector = `${retainedLabel}=true`;
  const { items } = await world.client.list<ConfigMapObject>(configMaps, {
    namespace: 'default',
    labelSelector,
  });
  return items.find(({ data }) => data?.['id'] === status?.instanceID)?.data;
}

describe('an instance that is purged', () => {
  it('goes when it is deleted, without a word to its broker; what stays there is on record and told', async () => {
    using _ = world.undisturbed('what was not told yet ends with the process');
    const instance = await readyInstance(world, 'db');
    await annotate(world, 'db', purging);
    await world.instance('db', isReady, 'is none the less ready until it is deleted');
    await removeInstance(world, 'db');
    expect(deprovisionsOf(instance)).toEqual([]);
    expect(await recordOf(instance)).toMatchObject({
      name: 'db',
      namespace: world.namespace,
      purgedBy: 'olga',
    });
    const id = instance.status?.instanceID ?? '';
    const says = ({ message }: EventObject): boolean =>
      message.includes(`id "${id}"`) && message.includes('ClusterServiceBroker "test"');
    await isTold(world.namespace, (event) => event.involvedObject.name === 'db' && says(event));
    await isTold(
      'default',
      (event) => event.involvedObject.kind === 'Namespace' && says(event) && event.type === 'Warning',
    );
  }, 60_000);

  it('is for the namespace that it is released to', async () => {
    const instance = await readyInstance(world, 'moving');
    await annotate(world, 'moving', { ...purging, [releaseTo]: 'elsewhere' });
    await removeInstance(world, 'moving');
    expect(deprovisionsOf(instance)).toEqual([]);
    expect(await recordOf(instance)).toMatchObject({
      namespace: 'elsewhere',
      releasedBy: world.namespace,
      purgedBy: 'olga',
    });
  }, 60_000);

  it('goes while its deletion fails', async () => {
    const failing = await readyInstance(world, 'failing');
    const refusing = world.broker.script({ operation: 'deprovision' }, { kind: 'answer', status: 500 }, 100);
    await world.remove(serviceInstances, 'failing');
    await world.instance('failing', (one) => readyReason(one) === 'DeprovisionCallFailed', 'fails');
    await annotate(world, 'failing', purging);
    await world.gone(serviceInstances, 'failing');
    refusing.cancel();
    expect(await recordOf(failing)).toMatchObject({ operation: 'Deprovision' });
  }, 60_000);

  it('is polled no more', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity, interruptible: true });
    await world.createInstance('making');
    const instance = await world.instance('making', ({ status }) => status?.asyncOpInProgress === true, '');
    await annotate(world, 'making', purging);
    await removeInstance(world, 'making');
    expect(deprovisionsOf(instance)).toEqual([]);
    expect(await recordOf(instance)).toMatchObject({ isConfirmed: 'false' });
  }, 60_000);

  it('waits for its bindings, which go by themselves; a purged one keeps its login at the broker', async () => {
    await readyInstance(world, 'bound');
    await world.createBinding('login', 'bound');
    const { status } = await world.binding('login', isReady, 'is ready');
    await annotate(world, 'bound', purging);
    await world.remove(serviceInstances, 'bound');
    const blocked = 'DeprovisionBlockedByExistingCredentials';
    await world.instance('bound', (one) => readyReason(one) === blocked, 'waits for its binding');
    await annotateBinding('login', purging);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceInstances, 'bound');
    const unbinds = world.broker.requestsOf('unbind').map(({ bindingId }) => bindingId);
    expect(unbinds).not.toContain(status?.bindingID);
    expect(await world.find(serviceBindings, 'login')).toBeUndefined();
  }, 60_000);

  it('is asked for again by its id as any other that came with it', async () => {
    const before = await readyInstance(world, 'again');
    await annotate(world, 'again', purging);
    await removeInstance(world, 'again');
    await world.createInstance('again', { externalID: before.status?.instanceID ?? '' });
    const again = await world.instance('again', isReady, 'is ready');
    expect(again.status?.instanceID).toBe(before.status?.instanceID);
    await removeInstance(world, 'again');
    expect(deprovisionsOf(again)).toHaveLength(1);
  }, 60_000);
});

it.each([
  ['that nobody has looked at', { [purge]: 'true' }, 'PurgeUnchecked'],
  ['in a word that means nothing', { [purge]: 'yes', [askedBy]: 'olga' }, 'PurgeUnclear'],
])(
  'nothing is done for a purge %s, until it is taken away',
  async (_what, words, reason) => {
    const instance = await readyInstance(world, 'unchecked');
    await annotate(world, 'unchecked', words);
    await world.remove(serviceInstances, 'unchecked');
    await world.instance('unchecked', (one) => readyReason(one) === reason, 'says what to do');
    expect(deprovisionsOf(instance)).toEqual([]);
    await annotate(world, 'unchecked', { [purge]: null });
    await world.gone(serviceInstances, 'unchecked');
    expect(deprovisionsOf(instance)).toHaveLength(1);
  },
  60_000,
);

it('the name of who has asked lets nothing go alone', async () => {
  const instance = await readyInstance(world, 'named');
  await annotate(world, 'named', { [askedBy]: 'olga' });
  await removeInstance(world, 'named');
  expect(deprovisionsOf(instance)).toHaveLength(1);
}, 60_000);

it('a copy whose id is of another object takes nothing on record', async () => {
  const original = await readyInstance(world, 'original');
  await world.createInstance('copy', { externalID: original.status?.instanceID ?? '' });
  await world.instance('copy', (one) => readyReason(one) === 'IdHeldByAnother', 'is refused');
  await annotate(world, 'copy', purging);
  await removeInstance(world, 'copy');
  expect(await recordOf(original)).toBeUndefined();
}, 60_000);
