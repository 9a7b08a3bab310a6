import { randomUUID } from 'node:crypto';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { isFailed, isReady, madeNow, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
}, 60_000);
afterAll(() => world.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

async function removeInstance(name: string): Promise<void> {
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
  expect(world.broker.liveInstances()).toEqual([]);
}

describe('asynchronous operations', () => {
  it('are polled until they end, provisioning and deprovisioning', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1 });
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 1, result: 'gone' });
    await world.createInstance('async');
    const polling = await world.instance(
      'async',
      ({ status }) => status?.asyncOpInProgress === true,
      'is polled',
    );
    expect(readyReason(polling)).toBe('Provisioning');
    await world.instance('async', isReady, 'is ready');
    await removeInstance('async');
    expect(world.broker.requestsOf('pollInstance').length).toBeGreaterThanOrEqual(3);
  });

  it('that fail are cleaned up and left failed, until the spec changes', async () => {
    world.broker.script(
      { operation: 'provision' },
      { kind: 'async', polls: 0, result: 'failed', description: 'out of disks' },
    );
    await world.createInstance('async-failed');
    const failed = await world.instance(
      'async-failed',
      (instance) => isFailed(instance) && instance.status?.orphanMitigationInProgress !== true,
      'failed and is clean',
    );
    expect(failed.status?.conditions?.find(({ type }) => type === 'Stalled')?.message).toContain(
      'out of disks',
    );
    expect(world.broker.liveInstances()).toEqual([]);

    const patch = { spec: { clusterServicePlanExternalName: 'large', clusterServicePlanRef: null } };
    const ref = { namespace: world.namespace, name: 'async-failed' };
    await world.client.patch(serviceInstances, ref, patch, { type: 'merge' });
    const ready = await world.instance('async-failed', isReady, 'is ready after the spec changed');
    expect(ready.status?.instanceID).not.toBe(failed.spec.externalID);
    await removeInstance('async-failed');
  });

  it('of bindings fetch the credentials at the end', async () => {
    await world.createInstance('async-bind');
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 1 });
    await world.createBinding('async-bind', 'async-bind');
    await world.binding('async-bind', isReady, 'is ready');
    expect((await world.secret('async-bind'))['password']).toBeDefined();
    expect(world.broker.requestsOf('getBinding').length).toBe(1);
    await world.remove(serviceBindings, 'async-bind');
    await world.gone(serviceBindings, 'async-bind');
    await removeInstance('async-bind');
  });
});

function isInBackoff({ status }: ServiceInstance | ServiceBinding): boolean {
  return status?.conditions?.some(({ reason }) => reason === 'Backoff') === true;
}

describe('a provision that fails', () => {
  it('with 5xx is undone at the broker and tried again under a fresh id', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500, applies: true });
    const created = await world.createInstance('server-error', { externalID: randomUUID() }, madeNow());
    const ready = await world.instance('server-error', isReady, 'is ready');
    expect(ready.status?.instanceID).not.toBe(created.spec.externalID);
    expect(ready.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    expect(world.broker.requestsOf('deprovision', created.spec.externalID).length).toBe(1);
    expect(world.broker.liveInstances().map(({ id }) => id)).toEqual([ready.status?.instanceID]);
    await removeInstance('server-error');
  });

  it('with 5xx says in its back-off what failed, not that cleaning up worked', async () => {
    const script = world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500 }, 'always');
    await world.createInstance('still-failing');
    const failing = await world.instance('still-failing', isInBackoff, 'is in its back-off');
    expect(failing.status?.conditions?.at(-1)).toMatchObject({
      reason: 'ErrorCallingProvision',
      message: expect.stringContaining('500 Internal Server Error') as unknown,
    });
    script.cancel();
    await world.instance('still-failing', isReady, 'is ready');
    await removeInstance('still-failing');
  });

  it('with 400 is final, and is deleted without a word to the broker', async () => {
    const description = 'no such size';
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 400, body: { description } });
    await world.createInstance('rejected');
    const failed = await world.instance('rejected', isFailed, 'is failed');
    expect(failed.status?.conditions?.at(-1)?.message).toContain(description);
    expect(failed.status?.lastConditionState).toBe('Failed');
    await removeInstance('rejected');
    expect(world.broker.requestsOf('provision').length).toBe(1);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
  });

  it.each([
    ['429', { kind: 'answer', status: 429, applies: false }],
    ['a connection that is cut', { kind: 'reset', applies: true }],
    ['no answer at all', { kind: 'hang', applies: true }],
    ['HTML', { kind: 'answer', status: 200, rawBody: '<html>', applies: true }],
    ['half a document', { kind: 'truncate', status: 201, applies: true }],
    [
      'a redirect',
      { kind: 'answer', status: 302, headers: { location: 'http://127.0.0.1:1/' }, applies: false },
    ],
    ['100 MiB', { kind: 'flood', sizeBytes: 100 * 1024 * 1024, status: 201, applies: true }],
  ] as const)('with %s heals by itself and leaks nothing', async (_name, behaviour) => {
    const name = `heals-${randomUUID().slice(0, 8)}`;
    world.broker.script({ operation: 'provision' }, behaviour);
    await world.createInstance(name);
    await world.instance(name, isReady, 'is ready');
    expect(world.broker.liveInstances().length).toBe(1);
    await removeInstance(name);
  });

  it('for a class that does not exist goes on when it appears', async () => {
    await world.createInstance('early', { clusterServiceClassExternalName: 'nosuch' });
    const waiting = await world.instance('early', (instance) => readyReason(instance) !== undefined, 'waits');
    expect(readyReason(waiting)).toBe('ReferencesNonexistentServiceClass');
    await removeInstance('early');
  });
});

describe('a deletion', () => {
  it('never gives up: the object stays until the broker has confirmed', async () => {
    await world.createInstance('stubborn');
    await world.instance('stubborn', isReady, 'is ready');
    world.broker.script({ operation: 'deprovision' }, { kind: 'answer', status: 500 }, 3);
    await world.remove(serviceInstances, 'stubborn');
    const retrying = await world.instance(
      'stubborn',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'DeprovisionCallFailed') === true,
      'says why it is not gone',
    );
    expect(retrying.status?.nextAttemptTime).toBeDefined();
    await world.gone(serviceInstances, 'stubborn');
    expect(world.broker.liveInstances()).toEqual([]);
    expect(world.broker.requestsOf('deprovision').length).toBe(4);
  });
});

describe('a bind', () => {
  beforeAll(async () => {
    await world.createInstance('db');
    await world.instance('db', isReady, 'is ready');
  });
  afterAll(() => removeInstance('db'));

  async function removeBinding(name: string): Promise<void> {
    await world.remove(serviceBindings, name);
    await world.gone(serviceBindings, name);
    expect(world.broker.liveBindings()).toEqual([]);
  }

  it('that fails with 5xx is undone and tried again under a fresh id', async () => {
    world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 500, applies: true });
    await world.createBinding('retried', 'db');
    const ready = await world.binding('retried', isReady, 'is ready');
    expect(ready.status?.bindingID).not.toBe(ready.spec.externalID);
    expect(world.broker.liveBindings().map(({ id }) => id)).toEqual([ready.status?.bindingID]);
    await removeBinding('retried');
  });

  it('that fails with 5xx says in its back-off what failed, not that cleaning up worked', async () => {
    const script = world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 500 }, 'always');
    await world.createBinding('still-failing', 'db');
    const failing = await world.binding('still-failing', isInBackoff, 'is in its back-off');
    expect(readyReason(failing)).toBe('ErrorCallingBind');
    script.cancel();
    await world.binding('still-failing', isReady, 'is ready');
    await removeBinding('still-failing');
  });

  it('does not touch a Secret of somebody else, and goes on when the name is free', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: world.namespace, name: 'taken' },
    };
    await world.client.create<SecretObject>(secrets, { ...secret, data: { mine: 'eA==' } });
    await world.createBinding('taken', 'db');
    await world.binding(
      'taken',
      (binding) => readyReason(binding) === 'ErrorInjectingBindResult',
      'says what is wrong',
    );
    expect(await world.secret('taken')).toEqual({ mine: 'x', type: 'Opaque' });
    await world.remove(secrets, 'taken');
    await world.binding('taken', isReady, 'is ready');
    await removeBinding('taken');
  });

  it('whose credentials no Secret can hold is undone', async () => {
    world.broker.script(
      { operation: 'bind' },
      { kind: 'answer', status: 201, body: { credentials: { 'a/b': 'x' } } },
    );
    await world.createBinding('unfit', 'db');
    const failed = await world.binding(
      'unfit',
      (binding) => isFailed(binding) && binding.status?.orphanMitigationInProgress !== true,
      'is failed and clean',
    );
    expect(failed.status?.conditions?.at(-1)?.message).toContain('"a/b"');
    expect(world.broker.liveBindings()).toEqual([]);
    await removeBinding('unfit');
  });

  it('tells no secret in status or events', async () => {
    await world.createBinding('quiet', 'db');
    const binding = await world.binding('quiet', isReady, 'is ready');
    const { stdout } = await waitFor(async () => {
      const events = await world.controlPlane.kubectl(['get', 'events', '-A', '-o', 'json']);
      return events.stdout.includes('InjectedBindResult') ? events : undefined;
    });
    expect(world.broker.secretsIn(JSON.stringify(binding) + stdout)).toEqual([]);
    await removeBinding('quiet');
  });
});
