import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { adoptAnnotation, apiVersion, idMadeAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { ConfigMapObject } from '../../../src/kube/data-objects.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { configMaps, events, type Resource } from '../../../src/kube/resources.ts';
import { clusterMarkOf } from '../../../src/model/cluster-mark.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import {
  annotate,
  changeSpec,
  expectCleanBroker,
  readyInstance,
  removeInstance,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

const clusterInfo = { namespace: 'default', name: 'cluster-info' };

/** What brokers and objects call this cluster. */
async function idOfCluster(): Promise<string> {
  const { data } = await world.client.get<ConfigMapObject>(configMaps, clusterInfo);
  return data?.['id'] ?? '';
}

/** From now on this is the cluster with that id. Who has read another one is ended. */
async function become(id: string): Promise<void> {
  await world.client.patch(configMaps, clusterInfo, { data: { id } }, { type: 'merge' });
}

/** Without a word to the broker. */
async function lose(resource: Resource, name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(resource, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.client.delete(resource, ref).catch(() => undefined);
  await world.gone(resource, name);
}

/** As `kubectl get -o yaml` has it, applied where no webhook is asked. */
async function apply(
  resource: Resource,
  { metadata, spec }: ServiceInstance | ServiceBinding,
): Promise<void> {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const kept = { name, namespace, labels, annotations, finalizers };
  await world.client.create(resource, {
    apiVersion,
    kind: resource.kind,
    metadata: kept,
    spec,
  } as KubeObject);
}

const messageOf = ({ status }: KubeObject & Pick<ServiceInstance, 'status'>, type = 'Ready'): string =>
  findCondition(status?.conditions, type)?.message ?? '';

const markOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[idMadeAnnotation];

const isUndecided = (object: KubeObject): boolean => readyReason(object) === 'IdOfAnotherCluster';

/** All that may change anything. */
const writes = () =>
  world.broker.requests
    .map(({ operation }) => operation)
    .filter((operation) => !['catalog', 'getInstance'].includes(operation ?? ''));

/** The objects of a cluster are in this one, too; the broker is the same and does not compare clusters. */
async function copied(name: string, withBinding = false): Promise<ServiceInstance> {
  const original = await readyInstance(world, name);
  let binding: ServiceBinding | undefined;
  if (withBinding) {
    await world.createBinding(name, name);
    binding = await world.binding(name, isReady, 'is ready');
  }
  await world.stopControllers();
  if (binding !== undefined) await lose(serviceBindings, name);
  await lose(serviceInstances, name);
  world.broker.forget();
  await become(randomUUID());
  await apply(serviceInstances, original);
  if (binding !== undefined) await apply(serviceBindings, binding);
  world.startControllers();
  return original;
}

/** What is left at the broker goes: whoever says so takes it up. */
async function removeOriginal({ spec, metadata }: ServiceInstance, login = ''): Promise<void> {
  await world.createInstance(
    'original',
    { externalID: spec.externalID ?? '' },
    { [adoptAnnotation]: 'true' },
  );
  await world.instance('original', isReady, `has what ${metadata.name} had`);
  if (login !== '') {
    await world.createBinding('original', 'original', { externalID: login }, { [adoptAnnotation]: 'true' });
    await world.binding('original', isReady, 'is ready');
    await world.remove(serviceBindings, 'original');
    await world.gone(serviceBindings, 'original');
  }
  await removeInstance(world, 'original');
}

describe('an object whose id was made in another cluster', () => {
  it('has the cluster in its mark, whether its id was made here or given', async () => {
    const made = await readyInstance(world, 'made');
    const given = await readyInstance(world, 'given', { externalID: randomUUID() });
    const cluster = clusterMarkOf(await idOfCluster());
    expect(markOf(made)).toBe(`${made.metadata.uid}/${cluster}`);
    expect(markOf(given)).toBe(`given/${cluster}`);
    await removeInstance(world, 'made');
    await removeInstance(world, 'given');
  });

  it('waits for a person, and goes without a word to the broker', async () => {
    const original = await copied('db', true);
    const waiting = await world.instance('db', isUndecided, 'waits');
    expect(messageOf(waiting)).toContain(
      `kubectl annotate serviceinstances.servicecatalog.k8s.io -n ${world.namespace} db ${adoptAnnotation}=true`,
    );
    expect(messageOf(waiting)).not.toContain(await idOfCluster());
    // Nor does an edit of its spec change anything.
    await changeSpec(world, 'db', { updateRequests: 1 });
    await world.instance(
      'db',
      (each) => isUndecided(each) && each.status?.observedGeneration === each.metadata.generation,
      'waits on',
    );
    const login = await world.binding('db', () => true, 'is there');
    await world.remove(serviceBindings, 'db');
    await world.gone(serviceBindings, 'db');
    await removeInstance(world, 'db');
    expect(world.broker.requests.filter(({ operation }) => operation !== 'catalog')).toEqual([]);
    const told = await waitFor(
      async () => {
        const { items } = await world.client.list<EventObject>(events, { namespace: world.namespace });
        return items.find(
          ({ reason, involvedObject, type }) =>
            reason === 'IdOfAnotherCluster' &&
            involvedObject.name === 'db' &&
            type === 'Normal' &&
            involvedObject.kind === 'ServiceInstance',
        );
      },
      { timeoutMs: 45_000, describe: 'it is told what stays' },
    );
    expect(told.message).toContain(original.spec.externalID);
    await removeOriginal(original, login.spec.externalID ?? '');
  });

  it('goes on by itself when the id of the cluster is restored', async () => {
    const before = await idOfCluster();
    const original = await copied('back', true);
    await world.instance('back', isUndecided, 'waits');
    await world.stopControllers();
    await become(before);
    world.startControllers();
    const back = await world.instance('back', isReady, 'is ready');
    await world.binding('back', isReady, 'is ready');
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([original.spec.externalID]);
    expect(back.status?.instanceID).toBe(original.spec.externalID);
    await world.remove(serviceBindings, 'back');
    await world.gone(serviceBindings, 'back');
    await removeInstance(world, 'back');
  });

  it('is taken up with its logins when a person says so, and is of this cluster from then on', async () => {
    const original = await copied('mine', true);
    await world.instance('mine', isUndecided, 'waits');
    await annotate(world, 'mine', { [adoptAnnotation]: 'true' });
    const mine = await world.instance('mine', isReady, 'is ready');
    expect(readyReason(mine)).toBe('AdoptedSuccessfully');
    await world.binding('mine', isReady, 'is ready');
    expect(writes()).not.toContain('provision');
    const cluster = clusterMarkOf(await idOfCluster());
    await world.instance('mine', (each) => markOf(each) === `adopted/${cluster}`, 'is marked');
    expect(mine.status?.instanceID).toBe(original.spec.externalID);
    await world.remove(serviceBindings, 'mine');
    await world.gone(serviceBindings, 'mine');
    await removeInstance(world, 'mine');
  });

  it('waits although its cluster was told to adopt it: nobody has said that to this one', async () => {
    const { spec } = await readyInstance(world, 'left');
    await world.stopControllers();
    await lose(serviceInstances, 'left');
    world.startControllers();
    const word = { [adoptAnnotation]: 'true' };
    await world.createInstance('taken', { externalID: spec.externalID ?? '' }, word);
    const wasAdopted = `adopted/${clusterMarkOf(await idOfCluster())}`;
    const taken = await world.instance('taken', (each) => markOf(each) === wasAdopted, 'is marked');
    await world.stopControllers();
    await lose(serviceInstances, 'taken');
    world.broker.forget();
    await become(randomUUID());
    await apply(serviceInstances, taken);
    world.startControllers();
    const waiting = await world.instance('taken', isUndecided, 'waits');
    expect(messageOf(waiting)).toContain(`${adoptAnnotation}=true ${idMadeAnnotation}- --overwrite`);
    await removeInstance(world, 'taken');
    expect(writes()).toEqual([]);
    await apply(serviceInstances, taken);
    await world.instance('taken', isUndecided, 'waits');
    await annotate(world, 'taken', { ...word, [idMadeAnnotation]: null });
    const mine = await world.instance('taken', isReady, 'is ready');
    expect([mine.status?.instanceID, writes()]).toEqual([spec.externalID, []]);
    await removeInstance(world, 'taken');
  });

  it('is a restored one of this cluster where an earlier version has marked it', async () => {
    const original = await readyInstance(world, 'older');
    await world.stopControllers();
    await lose(serviceInstances, 'older');
    const annotations = { ...original.metadata.annotations, [idMadeAnnotation]: '2020-01-01T00:00:00.000Z' };
    await apply(serviceInstances, { ...original, metadata: { ...original.metadata, annotations } });
    world.startControllers();
    const back = await world.instance('older', isReady, 'is ready');
    expect(markOf(back)).toBe(`before/${clusterMarkOf(await idOfCluster())}`);
    await removeInstance(world, 'older');
  });
});

describe('where the webhook is asked', () => {
  const cluster = async () => clusterMarkOf(await idOfCluster());

  it('marks ids with its cluster, and keeps that of an id from elsewhere', async () => {
    await world.stopControllers();
    const bindery = await world.startBindery(
      '--leader-elect=false',
      '--cluster-id-configmap-namespace=default',
      '--user-provided-services=false',
    );
    const made = await world.createInstance('made');
    expect(markOf(made)).toMatch(new RegExp(`^[\\d-]+T[\\d:.]+Z/${await cluster()}$`, 'u'));
    const given = await world.createInstance('given', { externalID: randomUUID() });
    expect(markOf(given)).toBe(`given/${await cluster()}`);
    const marks = { [idMadeAnnotation]: `${new Date().toISOString()}/${clusterMarkOf('elsewhere')}` };
    const copy = await world.createInstance('copy', { externalID: randomUUID() }, marks);
    expect(markOf(copy)).toBe(`before/${clusterMarkOf('elsewhere')}`);
    await world.instance('copy', isUndecided, 'waits');
    const adopted = {
      [adoptAnnotation]: 'true',
      [idMadeAnnotation]: `adopted/${clusterMarkOf('elsewhere')}`,
    };
    const taken = await world.createInstance('taken', { externalID: randomUUID() }, adopted);
    expect(markOf(taken)).toBe(adopted[idMadeAnnotation]);
    await world.instance('taken', isUndecided, 'waits');
    for (const name of ['made', 'given']) {
      const ready = await world.instance(name, isReady, 'is ready');
      expect(markOf(ready)).toBe(markOf(name === 'made' ? made : given));
    }
    expect(world.broker.liveInstances().map(({ id }) => id)).not.toContain(copy.spec.externalID);
    for (const name of ['made', 'given', 'copy', 'taken']) await removeInstance(world, name);
    await bindery.end();
  });
});
