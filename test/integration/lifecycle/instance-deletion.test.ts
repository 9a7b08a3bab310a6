import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { finalizer } from '../../../src/api/group.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { waitFor } from '../../support/wait-for.ts';
import { expectCleanBroker, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', brokerTimeout: '1s' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const deletions = () => world.broker.requestsOf('deprovision');

function isRetried({ status }: ServiceInstance): boolean {
  return status?.conditions?.some(({ reason }) => reason === 'DeprovisionCallFailed') === true;
}

describe('a DELETE that is not confirmed', () => {
  it.each<[string, Behaviour]>([
    ['H23 500', { kind: 'answer', status: 500 }],
    ['H22 404', { kind: 'answer', status: 404 }],
    ['204', { kind: 'answer', status: 204, rawBody: '', applies: false }],
    ['201', { kind: 'answer', status: 201, body: {}, applies: false }],
    ['400', { kind: 'answer', status: 400 }],
    ['422', { kind: 'answer', status: 422 }],
    ['no answer at all', { kind: 'hang' }],
  ])(
    'P56 but answered with %s leaves the object and its finalizer, and is sent again',
    async (_name, behaviour) => {
      const { status } = await readyInstance(world, 'db');
      world.broker.script({ operation: 'deprovision' }, behaviour);
      await world.remove(serviceInstances, 'db');
      const kept = await world.instance('db', isRetried, 'says why it is not gone');
      expect(kept.metadata.finalizers).toEqual([finalizer]);
      expect(kept.status?.nextAttemptTime).toBeDefined();
      expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([status?.instanceID]);
      await world.gone(serviceInstances, 'db');
      expect(deletions().map(({ instanceId }) => instanceId)).toEqual(Array(2).fill(status?.instanceID));
    },
  );
});

describe('a deletion that comes while the broker is at work', () => {
  it('P60 of a creation in flight is sent when that is answered', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'delay', ms: 300 });
    await world.createInstance('db');
    await waitFor(() => world.broker.requestsOf('provision').length === 1);
    await removeInstance(world, 'db');
    expect(deletions().length).toBe(1);
  });

  it('P60 of a creation that is polled is sent at once, and ends it', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity, interruptible: true });
    await world.createInstance('db');
    await world.instance('db', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    await removeInstance(world, 'db');
    expect(deletions().length).toBe(1);
  });

  it('P60 P41 that the broker does not let in between (ConcurrencyError) comes again when that has ended', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 6 });
    await world.createInstance('db');
    await world.instance('db', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    await world.remove(serviceInstances, 'db');
    const waiting = await world.instance('db', isRetried, 'says what it waits for');
    expect(waiting.status?.conditions?.at(0)?.message).toContain('still busy with this instance');
    await world.gone(serviceInstances, 'db');
    // The end was polled for, not guessed: one DELETE was refused, the next one was taken.
    expect(deletions().map(({ status }) => status)).toEqual([422, 200]);
  });

  it('P60 of an update that goes on comes again when that has ended', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'async', polls: 4, result: 'failed' });
    const ref = { namespace: world.namespace, name: 'db' };
    await world.client.patch(serviceInstances, ref, { spec: { parameters: { size: 2 } } }, { type: 'merge' });
    await world.instance('db', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    await removeInstance(world, 'db');
    expect(deletions().map(({ status }) => status)).toEqual([422, 200]);
  });

  it('P60 P41 of a broker that works on something of its own is repeated with growing pauses', async () => {
    await readyInstance(world, 'db');
    const busy: Behaviour = { kind: 'answer', status: 422, body: { error: 'ConcurrencyError' } };
    world.broker.script({ operation: 'deprovision' }, busy, 2);
    await removeInstance(world, 'db');
    expect(deletions().map(({ status }) => status)).toEqual([422, 422, 200]);
  });
});
