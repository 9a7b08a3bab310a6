import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  expectCleanBroker,
  changeSpec,
  nudge,
  readyInstance,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const provisions = () => world.broker.requestsOf('provision');

describe('the ids of instances', () => {
  it('P43 are all distinct', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    await Promise.all(names.map((name) => world.createInstance(name)));
    await Promise.all(names.map((name) => world.instance(name, isReady, 'is ready')));
    expect(new Set(world.broker.liveInstances().map(({ id }) => id)).size).toBe(names.length);
    await Promise.all(names.map((name) => world.remove(serviceInstances, name)));
    await Promise.all(names.map((name) => world.gone(serviceInstances, name)));
  });

  it('P43 that come back from a backup, without status, find their instance again and make no second one', async () => {
    const before = await readyInstance(world, 'restored');
    await world.stopControllers();
    const ref = { namespace: world.namespace, name: 'restored' };
    await world.client.patch(serviceInstances, ref, { metadata: { finalizers: null } }, { type: 'merge' });
    await world.remove(serviceInstances, 'restored');
    world.startControllers();
    const after = await readyInstance(world, 'restored', before.spec);
    expect(after.status?.instanceID).toBe(before.status?.instanceID);
    expect(world.broker.liveInstances().length).toBe(1);
    await removeInstance(world, 'restored');
  });

  it('P40 are not used again after an attempt that was cleaned up', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 503, applies: true }, 2);
    await readyInstance(world, 'again');
    const ids = provisions().map(({ instanceId }) => instanceId);
    expect(ids.length).toBe(3);
    expect(new Set(ids).size).toBe(3);
    await removeInstance(world, 'again');
  });

  /** An instance that another platform has at the broker, as it looks from here. */
  async function strangers(): Promise<string> {
    const owner = await readyInstance(world, 'owner');
    const ref = { namespace: world.namespace, name: 'owner' };
    await world.client.patch(serviceInstances, ref, { metadata: { finalizers: null } }, { type: 'merge' });
    await removeInstance(world, 'owner');
    world.broker.forget();
    return owner.status?.instanceID ?? '';
  }

  async function takeBack(externalID: string): Promise<void> {
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([externalID]);
    await readyInstance(world, 'owner', { externalID });
    await removeInstance(world, 'owner');
  }

  it('H51 that are taken (409) are final and delete nothing; the next spec gets another id', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 409, body: {} });
    await world.createInstance('unlucky', { parameters: { size: 2 } });
    const failed = await world.instance('unlucky', isFailed, 'is failed');
    expect(findCondition(failed.status?.conditions, 'Stalled')?.message).toContain('is left alone');
    await nudge(world, 'unlucky');
    await changeSpec(world, 'unlucky', { parameters: { size: 3 } });
    const ready = await settled(world, 'unlucky');
    expect(isReady(ready)).toBe(true);
    const { externalID } = ready.spec;
    expect(provisions().map(({ instanceId }) => instanceId)).toEqual([externalID, ready.status?.instanceID]);
    expect(ready.status?.instanceID).not.toBe(externalID);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'unlucky');
  });

  it('H51 that are given and taken are never left for another one', async () => {
    const externalID = await strangers();
    await world.createInstance('thief', { externalID, parameters: { size: 2 } });
    await world.instance('thief', isFailed, 'is failed');
    await changeSpec(world, 'thief', { parameters: { size: 3 } });
    expect(isReady(await settled(world, 'thief'))).toBe(false);
    expect(new Set(provisions().map(({ instanceId }) => instanceId))).toEqual(new Set([externalID]));
    await removeInstance(world, 'thief');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await takeBack(externalID);
  });

  it('H51 that are taken are let go without a DELETE', async () => {
    const externalID = await strangers();
    await world.createInstance('thief', { externalID, parameters: { size: 2 } });
    await world.instance('thief', isFailed, 'is failed');
    await removeInstance(world, 'thief');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await takeBack(externalID);
  });
});

describe('ConcurrencyError', () => {
  it('H50 P37 P41 for long is waited out under the same id, with growing pauses, and nothing is deleted', async () => {
    const body = { error: 'ConcurrencyError', description: randomUUID() };
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 422, body }, 4);
    await world.createInstance('busy');
    const waiting = await world.instance(
      'busy',
      ({ status }) => (status?.attempts ?? 0) >= 2 && Boolean(status?.nextAttemptTime),
      'has tried twice and waits',
    );
    expect(isFailed(waiting)).toBe(false);
    await world.instance('busy', isReady, 'is ready');
    expect(provisions().length).toBe(5);
    expect(new Set(provisions().map(({ instanceId }) => instanceId)).size).toBe(1);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'busy');
  });
});

describe('P36 an attempt whose result is unknown', () => {
  const unknown = { kind: 'answer', status: 200, rawBody: '<html>', applies: true } as const;

  it.each([
    [400, isFailed],
    [429, ({ status }: ServiceInstance) => (status?.attempts ?? 0) > 1],
    [401, ({ status }: ServiceInstance) => (status?.attempts ?? 0) > 1],
  ])(
    'stays on record when the next one is answered with %i: the deletion reaches the broker',
    async (status, isOver) => {
      world.broker.script({ operation: 'provision' }, unknown);
      world.broker.script({ operation: 'provision' }, { kind: 'answer', status, applies: false }, 'always');
      await world.createInstance('unknown');
      const left = await world.instance('unknown', isOver, 'is answered for the second time');
      expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([left.status?.instanceID]);
      await removeInstance(world, 'unknown');
      expect(world.broker.requestsOf('deprovision')).toHaveLength(1);
    },
  );

  it('is cleaned up before something else is asked for', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'hang', applies: true });
    await world.createInstance('unknown');
    await waitFor(() => provisions().length === 1, { describe: 'the request arrived' });
    await world.stopControllers();
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 400 });
    world.startControllers();
    const failed = await world.instance('unknown', isFailed, 'is failed');
    expect(findCondition(failed.status?.conditions, 'Stalled')?.message).toContain(
      'may have left an instance',
    );
    await changeSpec(world, 'unknown', { parameters: { size: 2 } });
    const ready = await settled(world, 'unknown');
    expect(isReady(ready)).toBe(true);
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([ready.status?.instanceID]);
    expect(ready.status?.instanceID).not.toBe(failed.status?.instanceID);
    await removeInstance(world, 'unknown');
  });

  it('but was answered with 200 is not deleted when something else is asked for: it was there before', async () => {
    world.broker.script({ operation: 'provision' }, unknown);
    const held = world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 429 }, 'always');
    await world.createInstance('unknown', { parameters: { size: 1 } });
    await world.instance('unknown', ({ status }) => (status?.attempts ?? 0) > 1, 'is tried again');
    await changeSpec(world, 'unknown', { parameters: { size: 2 } });
    // Not before: a request for what was asked for first may be under way still.
    await waitFor(() => provisions().some(({ body }) => JSON.stringify(body).includes('"size":2')), {
      describe: 'the other one is asked for',
    });
    held.cancel();
    const failed = await world.instance('unknown', isFailed, 'is refused: it has other attributes');
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await changeSpec(world, 'unknown', { parameters: { size: 1 } });
    const ready = await settled(world, 'unknown');
    expect(isReady(ready)).toBe(true);
    expect(ready.status?.instanceID).toBe(failed.status?.instanceID);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'unknown');
  });
});
