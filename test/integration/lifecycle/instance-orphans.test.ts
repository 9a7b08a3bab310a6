import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { orphanMitigationAnnotation } from '../../../src/api/group.ts';
import { clusterServiceBrokers, serviceInstances } from '../../../src/api/kinds.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import {
  expectCleanBroker,
  annotate,
  changeSpec,
  nudge,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const off = { [orphanMitigationAnnotation]: 'disabled' };
const leftBehind: Behaviour = { kind: 'answer', status: 500, applies: true };
const userInfo = { username: 'jane', uid: 'u-1' };

const deletions = () => world.broker.requestsOf('deprovision');

async function create(
  name: string,
  annotations: Readonly<Record<string, string>> = off,
): Promise<ServiceInstance> {
  return world.client.create<ServiceInstance>(serviceInstances, {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: { name, namespace: world.namespace, annotations },
    spec: {
      clusterServiceClassExternalName: 'postgresql',
      clusterServicePlanExternalName: 'small',
      userInfo,
    },
  });
}

async function heldBack(name: string): Promise<ServiceInstance> {
  const isHeldBack = (found: ServiceInstance): boolean => readyReason(found) === 'OrphanMitigationDisabled';
  return world.instance(name, isHeldBack, 'is held back');
}

describe('an orphan', () => {
  it('is deleted in no name, and the next attempt has another id', async () => {
    world.broker.script({ operation: 'provision' }, leftBehind);
    await create('db', {});
    const ready = await world.instance('db', isReady, 'is ready');
    expect(deletions().map(({ identity }) => identity)).toEqual([undefined]);
    const [first, second] = world.broker.requestsOf('provision').map(({ instanceId }) => instanceId);
    expect(first).not.toBe(second);
    expect(ready.status?.instanceID).toBe(second);
    await removeInstance(world, 'db');
    expect(deletions().at(-1)?.identity?.value).toMatchObject(userInfo);
  });

  it('is deleted and its failure final only for the spec that failed', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 0, result: 'failed' });
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 6 });
    await create('db', {});
    await world.instance('db', isFailed, 'is failed');
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    expect(isReady(await settled(world, 'db'))).toBe(true);
    await removeInstance(world, 'db');
  });
});

describe('orphan mitigation that is switched off', () => {
  it.each<[string, Behaviour]>([
    ['a creation answered with 5xx', leftBehind],
    ['a creation that failed', { kind: 'async', polls: 0, result: 'failed', description: 'out of disks' }],
  ])('P38 sends no DELETE after %s, and says what may be left and what to do', async (_name, behaviour) => {
    world.broker.script({ operation: 'provision' }, behaviour);
    await create('db');
    const held = await heldBack('db');
    const stalled = findCondition(held.status?.conditions, 'Stalled');
    expect(stalled?.message).toContain(
      `Instance "${held.status?.instanceID}" may have been left at ClusterServiceBroker "test"`,
    );
    expect(stalled?.message).toContain(
      `set the annotation ${orphanMitigationAnnotation} of this object to "enabled"`,
    );
    expect(stalled?.message).toContain('or delete this object');
    expect(findCondition(held.status?.conditions, 'OrphanMitigation')?.status).toBe('False');
    await nudge(world, 'db');
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await world.instance(
      'db',
      ({ status, metadata }) => status?.observedGeneration === metadata.generation,
      'is seen',
    );
    expect(deletions()).toEqual([]);
    expect(world.broker.requestsOf('provision').length).toBe(1);
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([held.status?.instanceID]);
    await removeInstance(world, 'db');
    expect(deletions().length).toBe(1);
  });

  it('P38 goes on when it is switched on again, and tries under another id', async () => {
    world.broker.script({ operation: 'provision' }, leftBehind);
    await create('db');
    const held = await heldBack('db');
    await annotate(world, 'db', { [orphanMitigationAnnotation]: null });
    const ready = await world.instance('db', isReady, 'is ready');
    expect(deletions().map(({ instanceId }) => instanceId)).toEqual([held.status?.instanceID]);
    expect(ready.status?.instanceID).not.toBe(held.status?.instanceID);
    expect(ready.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    await removeInstance(world, 'db');
  });

  it('P38 keeps a failure final when it is switched on again', async () => {
    world.broker.script(
      { operation: 'provision' },
      { kind: 'async', polls: 0, result: 'failed', description: 'no disks' },
    );
    await create('db');
    await heldBack('db');
    await annotate(world, 'db', { [orphanMitigationAnnotation]: 'enabled' });
    const failed = await settled(world, 'db');
    expect(isFailed(failed)).toBe(true);
    expect(findCondition(failed.status?.conditions, 'Stalled')?.message).toContain('no disks');
    expect(deletions().length).toBe(1);
    await removeInstance(world, 'db');
  });

  it('P38 can be a matter of the broker, and an instance can have it otherwise', async () => {
    const annotateBroker = (value: string | null) =>
      world.client.patch(
        clusterServiceBrokers,
        { name: 'test' },
        { metadata: { annotations: { [orphanMitigationAnnotation]: value } } },
        { type: 'merge' },
      );
    await annotateBroker('disabled');
    world.broker.script({ operation: 'provision' }, leftBehind, 2);
    await create('kept', {});
    await heldBack('kept');
    await create('cleaned', { [orphanMitigationAnnotation]: 'enabled' });
    await world.instance('cleaned', isReady, 'is ready');
    expect(deletions().length).toBe(1);
    await annotateBroker(null);
    await world.instance('kept', isReady, 'is ready');
    expect(deletions().length).toBe(2);
    for (const name of ['kept', 'cleaned']) await world.remove(serviceInstances, name);
    for (const name of ['kept', 'cleaned']) await world.gone(serviceInstances, name);
  });
});
