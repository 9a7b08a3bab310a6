import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { apiVersion } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { secrets, type Resource } from '../../../src/kube/resources.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { changeSpec, expectCleanBroker, readyInstance, removeInstance } from './instance-actions.ts';

let world: ServiceWorld;
afterAll(() => world?.stop());
afterEach(() => {
  expect(world.broker.liveBindings()).toEqual([]);
  expectCleanBroker(world);
});

const badFirsts: readonly (readonly [string, Behaviour])[] = [
  ['500', { kind: 'answer', status: 500, body: {} }],
  ['503, although it was carried out', { kind: 'answer', status: 503, body: {}, applies: true }],
  ['a connection that dies', { kind: 'reset' }],
  ['nothing in time', { kind: 'hang' }],
  ['201 and half of a body', { kind: 'truncate', status: 201 }],
  ['a word of a proxy', { kind: 'answer', status: 201, rawBody: '<html>' }],
];

const failing: Behaviour = { kind: 'async', polls: 0, result: 'failed', description: 'out of disks' };

const deletions = () => [...world.broker.requestsOf('unbind'), ...world.broker.requestsOf('deprovision')];

const messageOf = ({ status }: ServiceInstance | ServiceBinding): string =>
  findCondition(status?.conditions, 'Stalled')?.message ?? '';

/** The objects are lost without a word to the broker, which has what it had. */
async function lose(resource: Resource, name: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  await world.client.patch(resource, ref, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.client.delete(resource, ref);
  await world.gone(resource, name);
}

/** As a backup has it: spec and metadata of before, no status. */
async function restore(resource: Resource, { metadata, spec }: ServiceInstance | ServiceBinding) {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const kept = { name, namespace, labels, annotations, finalizers };
  return world.client.create(resource, {
    apiVersion,
    kind: resource.kind,
    metadata: kept,
    spec,
  } as KubeObject);
}

describe.each([
  [
    'without the webhook',
    () => ServiceWorld.start({ flags: { brokerTimeout: '500ms', maxRetryInterval: '200ms' } }),
  ],
  [
    'with the webhook',
    async () => {
      await world.stop();
      const started = await ServiceWorld.start({ controllers: 'none' });
      await started.startBindery(
        '--leader-elect=false',
        '--broker-timeout=500ms',
        '--max-retry-interval=200ms',
      );
      await started.register();
      return started;
    },
  ],
])('%s', (_name, start) => {
  beforeAll(async () => {
    world = await start();
  }, 120_000);

  describe('an instance that comes back under its id', () => {
    async function lost(): Promise<ServiceInstance> {
      const backup = await readyInstance(world, 'db');
      await lose(serviceInstances, 'db');
      world.broker.forget();
      return backup;
    }

    it.each(badFirsts)('is never deleted at the broker: %s', async (_case, behaviour) => {
      const backup = await lost();
      world.broker.script({ operation: 'provision' }, behaviour, 2);
      await restore(serviceInstances, backup);
      const ready = await world.instance('db', isReady, 'is ready');
      expect(deletions()).toEqual([]);
      expect(ready.status?.instanceID).toBe(backup.spec.externalID);
      expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([backup.spec.externalID]);
      await removeInstance(world, 'db');
      expect(deletions().length).toBe(1);
    });

    it('is never deleted when a creation that was accepted fails, and says what to do', async () => {
      world.broker.script({ operation: 'provision' }, failing);
      const externalID = randomUUID();
      await world.createInstance('db', { externalID });
      const failed = await world.instance('db', isFailed, 'is failed');
      expect(messageOf(failed)).toContain('out of disks');
      expect(messageOf(failed)).toContain('is not deleted there as an orphan');
      await changeSpec(world, 'db', { updateRequests: 1 });
      const ready = await world.instance('db', isReady, 'is ready');
      expect(deletions()).toEqual([]);
      expect(ready.status?.instanceID).toBe(externalID);
      await removeInstance(world, 'db');
    });

    it("is somebody else's after a first 409, and never deleted", async () => {
      const backup = await lost();
      const other = { ...backup.spec, parameters: { size: 9 } };
      await restore(serviceInstances, { ...backup, spec: other });
      await world.instance('db', isFailed, 'is failed');
      await removeInstance(world, 'db');
      expect(deletions()).toEqual([]);
      await restore(serviceInstances, backup);
      await world.instance('db', isReady, 'is ready');
      await removeInstance(world, 'db');
    });
  });

  describe('a binding that comes back under its id', () => {
    async function lost(): Promise<ServiceBinding> {
      await readyInstance(world, 'db');
      await world.createBinding('login', 'db');
      const backup = await world.binding('login', isReady, 'is ready');
      await lose(serviceBindings, 'login');
      // The garbage collector may be faster.
      await world.remove(secrets, 'login').catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      await world.gone(secrets, 'login');
      world.broker.forget();
      return backup;
    }

    async function removeAll(): Promise<void> {
      await world.remove(serviceBindings, 'login');
      await world.gone(serviceBindings, 'login');
      await removeInstance(world, 'db');
    }

    it.each(badFirsts)('is never deleted at the broker: %s', async (_case, behaviour) => {
      const backup = await lost();
      world.broker.script({ operation: 'bind' }, behaviour, 2);
      await restore(serviceBindings, backup);
      const ready = await world.binding('login', isReady, 'is ready');
      expect(deletions()).toEqual([]);
      expect(ready.status?.bindingID).toBe(backup.spec.externalID);
      const [live] = world.broker.liveBindings();
      expect((await world.secret('login'))['password']).toBe(live?.credentials['password']);
      await removeAll();
    });

    it('is never deleted when a creation that was accepted fails, and says what to do', async () => {
      await readyInstance(world, 'db');
      world.broker.script({ operation: 'bind' }, failing);
      await world.createBinding('login', 'db', { externalID: randomUUID() });
      const failed = await world.binding('login', isFailed, 'is failed');
      expect(messageOf(failed)).toContain('out of disks');
      expect(messageOf(failed)).toContain('is not deleted there as an orphan');
      expect(deletions()).toEqual([]);
      await removeAll();
    });

    it('is not ready without the credentials that went to an answer which is lost', async () => {
      const backup = await lost();
      world.broker.script({ operation: 'bind' }, { kind: 'reset' });
      world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 200, body: {} }, 'always');
      await restore(serviceBindings, backup);
      const failed = await world.binding('login', isFailed, 'is failed');
      expect(messageOf(failed)).toContain('does not hand out its credentials again');
      expect(deletions()).toEqual([]);
      await removeAll();
    });
  });

  describe('what has an id that was made for it', () => {
    it('is an orphan as ever: the instance is deleted and asked for under another id', async () => {
      world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500, applies: true });
      const made = await world.createInstance('db');
      const ready = await world.instance('db', isReady, 'is ready');
      expect(deletions().map(({ instanceId }) => instanceId)).toEqual([ready.spec.externalID]);
      expect(ready.status?.instanceID).not.toBe(ready.spec.externalID);
      expect(ready.metadata.uid).toBe(made.metadata.uid);
      await removeInstance(world, 'db');
    });

    it('is an orphan as ever: the binding is deleted and asked for under another id', async () => {
      await readyInstance(world, 'db');
      world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 500, applies: true });
      await world.createBinding('login', 'db');
      const ready = await world.binding('login', isReady, 'is ready');
      expect(deletions().map(({ bindingId }) => bindingId)).toEqual([ready.spec.externalID]);
      expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
      await world.remove(serviceBindings, 'login');
      await world.gone(serviceBindings, 'login');
      await removeInstance(world, 'db');
    });
  });
});
