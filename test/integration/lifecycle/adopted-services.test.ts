import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { adoptAnnotation, deletionPolicyAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { EventObject } from '../../../src/kube/event-object.ts';
import { events } from '../../../src/kube/resources.ts';
import { waitFor } from '../../support/wait-for.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import {
  annotate,
  changePlan,
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

const adopting = { [adoptAnnotation]: 'true' };
/** Its class can not be asked what its broker has. */
const cache = { clusterServiceClassExternalName: 'cache', clusterServicePlanExternalName: 'default' };

/** A service at the broker, and no object that has it. */
async function service(spec: Partial<ServiceInstance['spec']> = {}): Promise<string> {
  await readyInstance(world, 'first', spec);
  await annotate(world, 'first', { [deletionPolicyAnnotation]: 'retain' });
  const { status } = await world.instance('first', isReady, 'is ready');
  await removeInstance(world, 'first');
  world.broker.forget();
  return status?.instanceID ?? '';
}

const sent = () =>
  world.broker.requests.map(({ operation }) => operation).filter((operation) => operation !== 'catalog');
const liveIds = () => world.broker.liveInstances().map(({ id }) => id);
const messageOf = ({ status }: ServiceInstance): string =>
  findCondition(status?.conditions, 'Ready')?.message ?? '';
const isNothing = (object: ServiceInstance): boolean => readyReason(object) === 'NothingToAdopt';

describe('an instance that is to adopt a service', () => {
  it('takes up what its broker shows, asks for nothing, and is an instance like any other then', async () => {
    const externalID = await service();
    const { metadata } = await world.createInstance('db', { externalID }, adopting);
    const db = await world.instance('db', isReady, 'is ready');
    expect(sent()).toEqual(['getInstance']);
    expect(readyReason(db)).toBe('AdoptedSuccessfully');
    expect(messageOf(db)).toContain(`${deletionPolicyAnnotation} is "retain"`);
    expect(db.status?.instanceID).toBe(externalID);
    await waitFor(
      async () => {
        const { items } = await world.client.list<EventObject>(events, { namespace: world.namespace });
        return items.some(
          ({ reason, involvedObject }) =>
            reason === 'AdoptedSuccessfully' && involvedObject.uid === metadata.uid,
        );
      },
      { timeoutMs: 45_000, describe: 'it is told' },
    );
    const { metadata: changed } = await changePlan(world, 'db', 'large');
    await world.instance(
      'db',
      (each) => (each.status?.reconciledGeneration ?? 0) >= (changed.generation ?? 0) && isReady(each),
      'is changed',
    );
    await removeInstance(world, 'db');
    expect(sent()).toEqual(['getInstance', 'update', 'deprovision']);
  });

  it('tells with which plan it found it, and changes nothing', async () => {
    const externalID = await service({ clusterServicePlanExternalName: 'large' });
    await world.createInstance('db', { externalID }, adopting);
    const db = await world.instance('db', isReady, 'is ready');
    expect(messageOf(db)).toContain('plan "large" instead of "small"');
    expect(sent()).toEqual(['getInstance']);
    await removeInstance(world, 'db');
  });

  it('is believed where its broker can not be asked', async () => {
    const externalID = await service(cache);
    await world.createInstance('db', { externalID, ...cache }, adopting);
    await world.instance('db', isReady, 'is ready');
    expect(sent()).toEqual([]);
    await world.createBinding('db', 'db');
    expect(readyReason(await world.instance('db', isReady, 'stays ready'))).toBe('AdoptedSuccessfully');
    await world.binding('db', isReady, 'is ready');
    await world.remove(serviceBindings, 'db');
    await world.gone(serviceBindings, 'db');
    await removeInstance(world, 'db');
    expect(sent()).toEqual(['bind', 'unbind', 'deprovision']);
  });

  it('makes nothing where there is nothing, until the annotation goes', async () => {
    const externalID = randomUUID();
    await world.createInstance('db', { externalID }, adopting);
    expect(messageOf(await world.instance('db', isNothing, 'says so'))).toContain(externalID);
    await changeSpec(world, 'db', { updateRequests: 1 });
    await world.instance(
      'db',
      ({ status, metadata }) => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
      'has been looked at again',
    );
    expect(new Set(sent())).toEqual(new Set(['getInstance']));
    await annotate(world, 'db', { [adoptAnnotation]: null });
    await world.instance('db', isReady, 'is ready');
    expect(liveIds()).toEqual([externalID]);
    await removeInstance(world, 'db');
  });

  it('goes without a word where there was nothing', async () => {
    await world.createInstance('db', { externalID: randomUUID() }, adopting);
    await world.instance('db', isNothing, 'says so');
    await removeInstance(world, 'db');
    expect(new Set(sent())).toEqual(new Set(['getInstance']));
  });

  it('has to say which', async () => {
    await world.createInstance('db', {}, adopting);
    const stalled = await world.instance('db', isNothing, 'says so');
    expect(messageOf(stalled)).toContain('spec.externalID');
    expect(sent()).toEqual([]);
    await removeInstance(world, 'db');
  });

  it('waits for a broker that does not answer', async () => {
    const externalID = await service();
    world.broker.script({ operation: 'getInstance' }, { kind: 'answer', status: 503, body: {} }, 2);
    await world.createInstance('db', { externalID }, adopting);
    await world.instance('db', isReady, 'is ready');
    expect(new Set(sent())).toEqual(new Set(['getInstance']));
    await removeInstance(world, 'db');
  });

  it('takes up what a broker had refused to give it by a request', async () => {
    const externalID = await service(cache);
    const other = { ...cache, parameters: { size: 9 } };
    await world.createInstance('db', { externalID, ...other });
    await world.instance(
      'db',
      (each) => findCondition(each.status?.conditions, 'Failed')?.status === 'True',
      'fails',
    );
    await annotate(world, 'db', adopting);
    await world.instance('db', isReady, 'is ready');
    expect(liveIds()).toEqual([externalID]);
    await removeInstance(world, 'db');
    expect(liveIds()).toEqual([]);
  });

  it('does nothing by a word that nobody knows', async () => {
    const externalID = randomUUID();
    await world.createInstance('db', { externalID }, { [adoptAnnotation]: 'ture' });
    await world.instance('db', (each) => readyReason(each) === 'AdoptUnclear', 'says so');
    expect(sent()).toEqual([]);
    await world.remove(serviceInstances, 'db');
    await world.gone(serviceInstances, 'db');
  });
});
