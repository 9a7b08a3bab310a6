import { randomUUID } from 'node:crypto';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion, deletionPolicyAnnotation, retainedLabel } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { configMaps, events, namespaces } from '../../../src/kube/resources.ts';
import { RetainedServices } from '../../../src/operations/retained-services.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { annotate, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world?.stop());

const retaining = { [deletionPolicyAnnotation]: 'retain' };
const ours = { namespace: 'default' };

function deprovisionsOf({ status }: ServiceInstance): readonly unknown[] {
  return world.broker.requestsOf('deprovision').filter(({ instanceId }) => instanceId === status?.instanceID);
}

function isLive({ status }: ServiceInstance): boolean {
  return world.broker.liveInstances().some(({ id }) => id === status?.instanceID);
}

/** What is on record in Bindery's own namespace. */
async function recordsOf({ status }: ServiceInstance): Promise<readonly ConfigMapObject[]> {
  const labelSelector = `${retainedLabel}=true`;
  const { items } = await world.client.list<ConfigMapObject>(configMaps, { ...ours, labelSelector });
  return items.filter(({ data }) => data?.['id'] === status?.instanceID);
}

async function isRetained(instance: ServiceInstance): Promise<void> {
  expect(deprovisionsOf(instance)).toEqual([]);
  expect(isLive(instance)).toBe(true);
  const [kept] = await recordsOf(instance);
  const { name, namespace, uid } = instance.metadata;
  expect(kept?.data).toMatchObject({ name, namespace, uid, broker: 'ClusterServiceBroker "test"' });
  expect(kept?.data).toMatchObject({ className: 'ClusterServiceClass/postgresql', planName: 'small' });
}

function instanceIn(namespace: string, name: string, externalID?: string): Promise<ServiceInstance> {
  return world.client.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: 'ServiceInstance',
    metadata: { name, namespace, annotations: retaining },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      ...(externalID === undefined ? {} : { externalID }),
    },
  });
}

async function namespaceCalled(name: string): Promise<void> {
  await world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

async function until(
  namespace: string,
  name: string,
  condition: (instance: ServiceInstance) => boolean,
): Promise<ServiceInstance> {
  return waitFor(
    async () => {
      const found = await world.client.get<ServiceInstance>(serviceInstances, { namespace, name });
      return condition(found) ? found : undefined;
    },
    { timeoutMs: 45_000, describe: `${namespace}/${name} is as expected` },
  );
}

describe('an instance that is to be retained', () => {
  it('goes without a word to its broker, which keeps the service; its bindings are unbound', async () => {
    const instance = await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    await annotate(world, 'db', retaining);
    await world.remove(serviceInstances, 'db');
    await world.instance('db', ({ status }) => status !== undefined, 'waits for its binding');
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceInstances, 'db');
    expect(world.broker.liveBindings()).toEqual([]);
    await isRetained(instance);
  }, 60_000);

  it('stays at the broker when its whole namespace goes, and is known in the namespace of Bindery', async () => {
    using _ = world.undisturbed('what was not told yet ends with the process');
    const team = `team-${randomUUID().slice(0, 8)}`;
    await namespaceCalled(team);
    await instanceIn(team, 'orders');
    const instance = await until(team, 'orders', isReady);
    await world.client.delete(namespaces, { name: team });
    await waitFor(async () => (await recordsOf(instance)).length === 1, {
      timeoutMs: 45_000,
      describe: 'is on record',
    });
    await waitFor(
      async () => (await world.client.list(serviceInstances, { namespace: team })).items.length === 0,
      { timeoutMs: 45_000, describe: 'the instance is gone' },
    );
    await isRetained(instance);
    const [kept] = await recordsOf(instance);
    await waitFor(
      async () => {
        const { items } = await world.client.list<EventObject>(events, ours);
        return items.some(
          ({ reason, message, involvedObject }) =>
            reason === 'Retained' &&
            involvedObject.name === kept?.metadata.name &&
            message.includes(`"${team}/orders"`),
        );
      },
      { timeoutMs: 45_000, describe: 'an Event tells it' },
    );
  }, 120_000);

  it('is retained also when that is said while it waits for its bindings', async () => {
    const instance = await readyInstance(world, 'late');
    await world.createBinding('late', 'late');
    await world.binding('late', isReady, 'is ready');
    await world.remove(serviceInstances, 'late');
    await world.instance(
      'late',
      (found) => readyReason(found) === 'DeprovisionBlockedByExistingCredentials',
      'waits for its binding',
    );
    await annotate(world, 'late', retaining);
    await world.remove(serviceBindings, 'late');
    await world.gone(serviceInstances, 'late');
    await isRetained(instance);
  }, 60_000);

  it('is released while the broker is still making it, and on record as not confirmed', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity, interruptible: true });
    await world.createInstance('making', {}, retaining);
    const instance = await world.instance(
      'making',
      ({ status }) => status?.asyncOpInProgress === true,
      'is polled',
    );
    await removeInstance(world, 'making');
    expect(deprovisionsOf(instance)).toEqual([]);
    const [kept] = await recordsOf(instance);
    expect(kept?.data).toMatchObject({ isConfirmed: 'false', operation: 'Provision' });
  }, 60_000);

  it('is not deprovisioned, and not let go, for a word that nobody knows', async () => {
    const instance = await readyInstance(world, 'typo');
    await annotate(world, 'typo', { [deletionPolicyAnnotation]: 'retian' });
    await world.remove(serviceInstances, 'typo');
    const held = await world.instance(
      'typo',
      (found) => readyReason(found) === 'DeletionPolicyUnclear',
      'says what to do',
    );
    expect(held.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('"retian"');
    await annotate(world, 'typo', retaining);
    await world.gone(serviceInstances, 'typo');
    await isRetained(instance);
  }, 60_000);

  it('is not let go under a record that would give it to another namespace', async () => {
    const instance = await readyInstance(world, 'foreign');
    const id = instance.status?.instanceID ?? '';
    const records = new RetainedServices({ client: world.client, namespace: ours.namespace });
    const { metadata } = await records.add(
      { id, namespace: 'elsewhere', name: 'x' },
      new AbortController().signal,
    );
    await annotate(world, 'foreign', retaining);
    await world.remove(serviceInstances, 'foreign');
    const held = await world.instance('foreign', (found) => readyReason(found) === 'RetainRefused', 'waits');
    const message = held.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    expect(message).toContain(`ConfigMap "default/${metadata.name}"`);
    expect(message).not.toContain('elsewhere');
    await world.client.delete(configMaps, { ...ours, name: metadata.name });
    await annotate(world, 'foreign', { seen: 'yes' });
    await world.gone(serviceInstances, 'foreign');
    await isRetained(instance);
  }, 60_000);

  it('can not be any more once the DELETE has been sent, and that is told', async () => {
    using _ = world.undisturbed('what was not told yet ends with the process');
    const instance = await readyInstance(world, 'sent');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: Infinity });
    await world.remove(serviceInstances, 'sent');
    await world.instance('sent', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    await annotate(world, 'sent', retaining);
    await waitFor(
      async () => {
        const { items } = await world.client.list<EventObject>(events, { namespace: world.namespace });
        return items.some(
          ({ reason, involvedObject }) => reason === 'RetainTooLate' && involvedObject.name === 'sent',
        );
      },
      { timeoutMs: 45_000, describe: 'it is told that it is too late' },
    );
    expect(await recordsOf(instance)).toEqual([]);
  }, 60_000);
});

describe('a service that was retained', () => {
  it('is not had by its id in another namespace, unless whoever runs Bindery gives it to that', async () => {
    const instance = await readyInstance(world, 'old');
    const id = instance.status?.instanceID ?? '';
    await annotate(world, 'old', retaining);
    await removeInstance(world, 'old');
    const team = `team-${randomUUID().slice(0, 8)}`;
    await namespaceCalled(team);
    world.broker.forget();
    await instanceIn(team, 'taken', id);
    await until(team, 'taken', (found) => readyReason(found) === 'IdRetained');
    expect(world.broker.requestsOf('provision')).toEqual([]);
    const [kept] = await recordsOf(instance);
    const ref = { namespace: 'default', name: kept?.metadata.name ?? '' };
    await world.client.patch(configMaps, ref, { data: { namespace: team } }, { type: 'merge' });
    // Whether it takes an instance from another namespace is the broker's to say.
    const isAsked = () => world.broker.requestsOf('provision').some(({ instanceId }) => instanceId === id);
    await waitFor(isAsked, { timeoutMs: 45_000, describe: 'the broker is asked for it' });
  }, 90_000);

  it('is taken up again by its id in its own namespace', async () => {
    const instance = await readyInstance(world, 'again');
    const id = instance.status?.instanceID ?? '';
    await annotate(world, 'again', retaining);
    await removeInstance(world, 'again');
    await world.createInstance('again', { externalID: id }, retaining);
    const again = await world.instance('again', isReady, 'is ready');
    expect(again.status?.instanceID).toBe(id);
    expect(isLive(again)).toBe(true);
  }, 60_000);

  it('is untouched by the end of a copy that says nothing', async () => {
    const instance = await readyInstance(world, 'original');
    await world.createInstance('copy', { externalID: instance.status?.instanceID ?? '' });
    await world.instance('copy', (found) => readyReason(found) === 'IdHeldByAnother', 'is refused');
    await annotate(world, 'copy', retaining);
    await removeInstance(world, 'copy');
    expect(await recordsOf(instance)).toEqual([]);
    await removeInstance(world, 'original');
    expect(isLive(instance)).toBe(false);
  }, 60_000);
});
