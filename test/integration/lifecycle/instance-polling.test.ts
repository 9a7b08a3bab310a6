import { randomUUID } from 'node:crypto';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { serviceInstances } from '../../../src/api/kinds.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import type { SecretObject } from '../../../src/kube/data-objects.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ catalog: impatientCatalog(), flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** With a plan whose operations may take two seconds. */
function impatientCatalog() {
  const { services } = sampleCatalog();
  const [database, ...others] = services;
  if (database === undefined) throw new Error('the sample catalog is empty');
  const id = 'b2a3a9d6-0000-4000-8000-0000000000a9';
  const impatient = { id, name: 'impatient', description: 'Two seconds', maximum_polling_duration: 2 };
  return { services: [{ ...database, plans: [...database.plans, impatient] }, ...others] };
}

const impatient = { clusterServicePlanExternalName: 'impatient' };
const never: Behaviour = { kind: 'async', polls: Infinity, interruptible: true };

async function ready(name: string, spec: Partial<ServiceInstance['spec']> = {}): Promise<ServiceInstance> {
  await world.createInstance(name, spec);
  return world.instance(name, isReady, 'is ready');
}

async function changePlan(name: string, plan: string): Promise<void> {
  const ref = { namespace: world.namespace, name };
  const spec = { clusterServicePlanExternalName: plan, clusterServicePlanRef: null };
  await world.client.patch(serviceInstances, ref, { spec }, { type: 'merge' });
}

async function remove(name: string): Promise<void> {
  await world.remove(serviceInstances, name);
  await world.gone(serviceInstances, name);
  expect(world.broker.liveInstances()).toEqual([]);
}

function readyMessage({ status }: ServiceInstance): string {
  return findCondition(status?.conditions, 'Ready')?.message ?? '';
}

const polls = () => world.broker.requestsOf('pollInstance');

const nuisances: readonly (readonly [string, Behaviour])[] = [
  ['P28 500', { kind: 'answer', status: 500 }],
  ['P28 404', { kind: 'answer', status: 404 }],
  ['P28 400', { kind: 'answer', status: 400 }],
  ['P28 garbage', { kind: 'answer', rawBody: '{"state":' }],
  ['P28 HTML', { kind: 'answer', rawBody: '<html>busy</html>', headers: { 'content-type': 'text/html' } }],
  ['P28 an unknown state', { kind: 'answer', body: { state: 'SUCCEEDED' } }],
  ['P28 in progress', { kind: 'answer', body: { state: 'in progress' } }],
  ['P31 410', { kind: 'answer', status: 410, body: {} }],
];

describe('a poll of a creation', () => {
  it.each(nuisances)(
    'goes on after %s, until the broker says that it has succeeded',
    async (_name, behaviour) => {
      world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 0 });
      world.broker.script({ operation: 'pollInstance' }, behaviour, 2);
      await ready('create');
      expect(polls().length).toBe(3);
      expect(world.broker.requestsOf('deprovision')).toEqual([]);
      await remove('create');
    },
  );

  it('P28 H29 goes on while the credentials are refused, and while there are none', async () => {
    using _ = world.undisturbed('the process goes on with the credentials that it has read');
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1 });
    const held = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('rotated');
    const isPolled = ({ status }: ServiceInstance) => status?.asyncOpInProgress === true;
    const rotated = await world.instance('rotated', isPolled, 'is polled');
    const ref = { namespace: world.namespace, name: 'broker-auth' };
    const secret = await world.client.get<SecretObject>(secrets, ref);
    await world.client.delete(secrets, ref);
    const password = world.broker.plantSecret();
    Object.assign(world.broker.auth, { password });
    held.cancel();
    await waitFor(() => polls().some(({ status }) => status === 401), { describe: 'a poll is refused' });
    await world.createInstance('other');
    const isTold = (instance: ServiceInstance) => readyMessage(instance).includes('does not exist');
    await world.instance('other', isTold, 'misses the credentials');
    const data = { ...secret.data, password: Buffer.from(password).toString('base64') };
    await world.client.create<SecretObject>(secrets, { metadata: ref, data });
    await world.instance('other', isReady, 'is ready');
    await world.instance('rotated', isReady, 'is ready');
    await world.remove(serviceInstances, 'other');
    await world.gone(serviceInstances, 'other');
    // The old password, as intended.
    expect(new Set(world.broker.violations)).toEqual(new Set(['P02: request without valid credentials']));
    world.broker.violations.length = 0;
    const asked = world.broker.requests.filter(({ instanceId }) => instanceId === rotated.status?.instanceID);
    expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(['provision', 'pollInstance']));
    await remove('rotated');
  });
});

describe('a poll of a change', () => {
  it('P27 carries the plan of before, and P31 goes on after 410', async () => {
    const before = await ready('change');
    world.broker.script({ operation: 'update' }, { kind: 'async', polls: 1 });
    world.broker.script({ operation: 'pollInstance' }, { kind: 'answer', status: 410, body: {} });
    await changePlan('change', 'large');
    const after = await world.instance(
      'change',
      ({ status }) =>
        status?.reconciledGeneration !== before.status?.reconciledGeneration && !status?.currentOperation,
      'has the new plan',
    );
    expect(polls().map(({ query }) => query['plan_id'])).toEqual(
      Array(3).fill(before.status?.externalProperties?.planID),
    );
    expect(after.status?.externalProperties?.planID).toBe(world.broker.liveInstances()[0]?.planId);
    expect(after.status?.externalProperties?.planID).not.toBe(before.status?.externalProperties?.planID);
    await remove('change');
  });
});

describe('a poll of a deletion', () => {
  it('P30 ends with 410: the instance is gone', async () => {
    await ready('gone');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 1, result: 'gone' });
    await remove('gone');
    expect(world.broker.requestsOf('deprovision').length).toBe(1);
  });

  it('H21 that the broker knows nothing of (404) sends the DELETE again', async () => {
    await ready('lost');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 0 });
    world.broker.script({ operation: 'pollInstance' }, { kind: 'answer', status: 404 });
    await remove('lost');
    expect(world.broker.requestsOf('deprovision').length).toBe(2);
  });

  it('P29 that has failed sends the DELETE again', async () => {
    await ready('failing');
    const failing: Behaviour = { kind: 'async', polls: 0, result: 'failed', description: 'disk is busy' };
    world.broker.script({ operation: 'deprovision' }, failing);
    await world.remove(serviceInstances, 'failing');
    await world.instance(
      'failing',
      ({ status }) => status?.conditions?.some(({ message }) => message.includes('disk is busy')) === true,
      'tells why it is still there',
    );
    await world.gone(serviceInstances, 'failing');
    expect(world.broker.liveInstances()).toEqual([]);
  });
});

describe('the limit of polling', () => {
  it('P33 H19 fails a creation that never ends at the limit of its plan, and deletes what was being made', async () => {
    world.broker.script({ operation: 'provision' }, never);
    await world.createInstance('endless', impatient);
    const polled = await world.instance(
      'endless',
      ({ status }) => status?.asyncOpInProgress === true,
      'is polled',
    );
    const failed = await world.instance(
      'endless',
      (instance) => isFailed(instance) && instance.status?.orphanMitigationInProgress === false,
      'is failed and clean',
    );
    const message = failed.status?.conditions?.at(-1)?.message;
    expect(message).toContain(`had not finished by ${polled.status?.operationDeadline}`);
    expect(world.broker.requestsOf('deprovision', polled.status?.instanceID).length).toBe(1);
    expect(failed.status?.instanceID).not.toBe(polled.status?.instanceID);
    await remove('endless');
  });

  it('P33 is kept over a restart of the controller', async () => {
    world.broker.script({ operation: 'provision' }, never);
    await world.createInstance('restarted', impatient);
    const begun = await world.instance(
      'restarted',
      ({ status }) => status?.asyncOpInProgress === true,
      'is polled',
    );
    await world.stopControllers();
    world.startControllers();
    const restarted = polls().length;
    const failed = await world.instance('restarted', isFailed, 'is failed');
    expect(polls().length).toBeGreaterThan(restarted);
    const deadline = begun.status?.operationDeadline ?? '';
    expect(failed.status?.conditions?.at(-1)?.message).toContain(deadline);
    await remove('restarted');
  });

  it('P33 of the platform holds where the plan has none, and a change that reaches it leaves the old plan', async () => {
    await world.stopControllers();
    world.startControllers({ operationTimeout: '1s' });
    const before = await ready('platform', { clusterServicePlanExternalName: 'large' });
    world.broker.script({ operation: 'update' }, never);
    await changePlan('platform', 'small');
    const failed = await world.instance('platform', isFailed, 'is failed');
    expect(isReady(failed)).toBe(true);
    expect(failed.status?.externalProperties).toEqual(before.status?.externalProperties);
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await remove('platform');
    await world.stopControllers();
    world.startControllers();
  });
});

describe('the pace of polls', () => {
  it.each<[string, () => string]>([
    ['seconds', () => '1'],
    ['an HTTP date', () => new Date(Date.now() + 2000).toUTCString()],
  ])(
    'P32 keeps the gap that Retry-After asks for in %s, also when something else happens',
    async (_form, retryAfter) => {
      const before = Date.now();
      const value = retryAfter();
      const notBefore = value === '1' ? before + 1000 : Date.parse(value);
      world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 1, retryAfter: value });
      await world.createInstance('patient');
      await waitFor(() => polls().length === 1);
      const firstMs = performance.now();
      // The description that comes with the poll is written, and so is this: each of them wakes the reconciler.
      const ref = { namespace: world.namespace, name: 'patient' };
      await world.client.patch(
        serviceInstances,
        ref,
        { metadata: { labels: { nudge: 'x' } } },
        { type: 'merge' },
      );
      await world.instance('patient', isReady, 'is ready');
      expect(polls().length).toBe(2);
      if (value === '1') expect((polls()[1]?.atMs ?? 0) - firstMs).toBeGreaterThanOrEqual(950);
      else expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
      await remove('patient');
    },
  );

  it.each(['86400', '-5', 'soon'])(
    'P32 H20 takes Retry-After: %s for what it can be worth',
    async (retryAfter) => {
      const name = `odd-${randomUUID().slice(0, 8)}`;
      world.broker.script({ operation: 'provision' }, { ...never, retryAfter });
      await world.createInstance(name, impatient);
      const failed = await world.instance(name, isFailed, 'is failed at its limit all the same');
      expect(failed.status?.conditions?.at(-1)?.message).toContain('limit of the operation');
      if (retryAfter === '86400') expect(polls().length).toBe(2);
      await remove(name);
    },
  );
});

describe('a spec that changes while the broker works', () => {
  it('is sent when that has ended, whatever the broker said meanwhile', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 4 });
    world.broker.script({ operation: 'pollInstance' }, { kind: 'delay', ms: 100 }, 'always');
    await world.createInstance('edited');
    await world.instance('edited', ({ status }) => status?.asyncOpInProgress === true, 'is polled');
    await changePlan('edited', 'large');
    const settled = await world.instance(
      'edited',
      ({ status, metadata }) => status?.reconciledGeneration === metadata.generation,
      'has the new spec',
    );
    expect(world.broker.requestsOf('update').length).toBe(1);
    expect(settled.status?.externalProperties?.planID).toBe(world.broker.liveInstances()[0]?.planId);
    await remove('edited');
  });
});
