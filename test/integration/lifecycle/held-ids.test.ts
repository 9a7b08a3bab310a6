import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { namespaces, secrets, type Resource } from '../../../src/kube/resources.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { expectCleanBroker, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
const other = `other-${randomUUID().slice(0, 8)}`;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: other } });
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => expectCleanBroker(world));

const isStalled = (object: ServiceInstance | ServiceBinding): boolean =>
  readyReason(object) === 'IdHeldByAnother';
const messageOf = ({ status }: ServiceInstance | ServiceBinding): string =>
  findCondition(status?.conditions, 'Stalled')?.message ?? '';
const idOf = ({ spec }: ServiceInstance | ServiceBinding): string => spec.externalID ?? '';
const provisions = () => world.broker.requestsOf('provision').map(({ instanceId }) => instanceId);

function copyTo(namespace: string, { spec }: ServiceInstance, name = 'copy'): Promise<ServiceInstance> {
  const metadata = { name, namespace };
  return world.client.create(serviceInstances, { apiVersion, kind: 'ServiceInstance', metadata, spec });
}

async function inOther(condition: (copy: ServiceInstance) => boolean): Promise<ServiceInstance> {
  const ref = { namespace: other, name: 'copy' };
  return waitFor(
    async () => {
      const found = await world.client.get<ServiceInstance>(serviceInstances, ref);
      return condition(found) ? found : undefined;
    },
    { describe: 'the copy is as expected' },
  );
}

async function removeFromOther(): Promise<void> {
  const ref = { namespace: other, name: 'copy' };
  await world.client.delete(serviceInstances, ref);
  const list = () => world.client.list(serviceInstances, { namespace: other });
  await waitFor(async () => (await list()).items.length === 0, { describe: 'the copy is gone' });
}

/** It goes without a word to the broker. */
async function abandon(resource: Resource, name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(resource, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.remove(resource, name);
  await world.gone(resource, name);
}

/** Whoever copies an object and deletes the original asks for one id twice: the platform does not choose it. */
function expectUsedAgain(): void {
  expect(world.broker.violations).toEqual([expect.stringContaining('used again')]);
  world.broker.forget();
}

describe('a copy of an instance', () => {
  it('in another namespace gets nothing, learns nothing, and its deletion takes nothing', async () => {
    const original = await readyInstance(world, 'db');
    await copyTo(other, original);
    const copy = await inOther(isStalled);
    expect(copy.status?.conditions?.map(({ type, status }) => [type, status])).toEqual([
      ['Stalled', 'True'],
      ['Ready', 'False'],
      ['Failed', 'True'],
    ]);
    expect(messageOf(copy)).toContain('is held by a ServiceInstance of another namespace');
    expect(messageOf(copy)).not.toContain(world.namespace);
    await world.stopControllers();
    world.startControllers();
    await world.createInstance('since');
    await world.instance('since', isReady, 'is ready');
    await inOther(isStalled);
    await removeFromOther();
    expect(provisions()).toEqual([idOf(original), expect.any(String)]);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    expect(isReady(await world.client.get(serviceInstances, original.metadata as never))).toBe(true);
    await removeInstance(world, 'since');
    await removeInstance(world, 'db');
  });

  it('goes on when the original has gone, with what that left at the broker', async () => {
    const original = await readyInstance(world, 'db');
    const { name } = original.metadata;
    await copyTo(world.namespace, original);
    const stalled = await world.instance('copy', isStalled, 'is stalled');
    expect(messageOf(stalled)).toContain(`is held by ServiceInstance "${name}"`);
    await abandon(serviceInstances, 'db');
    const ready = await world.instance('copy', isReady, 'is ready');
    expect(ready.status?.instanceID).toBe(idOf(original));
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([idOf(original)]);
    await removeInstance(world, 'copy');
  });

  it('waits as long as the original is being deleted', async () => {
    const original = await readyInstance(world, 'db');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 3 });
    await world.remove(serviceInstances, 'db');
    await copyTo(world.namespace, original);
    await world.gone(serviceInstances, 'db');
    await world.instance('copy', isReady, 'is ready');
    const writes = world.broker.requests.filter(({ operation }) => /provision/.test(operation ?? ''));
    expect(writes.map(({ operation }) => operation)).toEqual(['provision', 'deprovision', 'provision']);
    await removeInstance(world, 'copy');
    expectUsedAgain();
  });
});

describe('of several instances with one id', () => {
  const names = ['a', 'b', 'c'];

  async function expectOne(id: string): Promise<void> {
    const isDecided = (found: ServiceInstance): boolean => isReady(found) || isStalled(found);
    const found = await Promise.all(names.map((name) => world.instance(name, isDecided, 'is decided')));
    expect(found.filter(isReady).length).toBe(1);
    expect(provisions()).toEqual([id]);
    for (const { metadata } of found.filter(isStalled)) await removeInstance(world, metadata.name);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    for (const { metadata } of found.filter(isReady)) await removeInstance(world, metadata.name);
  }

  it('that were made while nobody looked one has it, and the others take nothing', async () => {
    const externalID = randomUUID();
    await world.stopControllers();
    for (const name of names) await world.createInstance(name, { externalID });
    world.startControllers();
    await expectOne(externalID);
  });

  it('that are made at once one has it, and the others take nothing', async () => {
    const externalID = randomUUID();
    await Promise.all(names.map((name) => world.createInstance(name, { externalID })));
    await expectOne(externalID);
  });
});

describe('a copy of a binding', () => {
  it('gets nothing, and its deletion takes nothing; it goes on when the original has gone', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db');
    const original = await world.binding('login', isReady, 'is ready');
    for (const name of ['copy', 'heir']) {
      await world.createBinding(name, 'db', { externalID: idOf(original) });
      await world.binding(name, isStalled, 'is stalled');
    }
    await world.remove(serviceBindings, 'copy');
    await world.gone(serviceBindings, 'copy');
    expect(world.broker.requestsOf('bind').length).toBe(1);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    expect(await world.find(secrets, 'login')).toBeDefined();
    await abandon(serviceBindings, 'login');
    if ((await world.find(secrets, 'login')) !== undefined) await world.remove(secrets, 'login');
    const heir = await world.binding('heir', isReady, 'is ready');
    expect(heir.status?.bindingID).toBe(idOf(original));
    await world.remove(serviceBindings, 'heir');
    await world.gone(serviceBindings, 'heir');
    await removeInstance(world, 'db');
  });
});
