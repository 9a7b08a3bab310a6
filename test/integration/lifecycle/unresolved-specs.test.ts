import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { finalizer, orphanMitigationAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import { isFailed, isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, expectCleanBroker, readyInstance, removeInstance, settled } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const typo = { clusterServicePlanExternalName: 'smal', clusterServicePlanRef: null };
const mended = { clusterServicePlanExternalName: 'small' };

const isPolled = ({ status }: ServiceInstance) => status?.asyncOpInProgress === true;
const isCleaning = ({ status }: ServiceInstance) => status?.orphanMitigationInProgress === true;

/** The spec means nothing, and the conditions say so. */
function isTold({ status }: ServiceInstance): boolean {
  return (
    findCondition(status?.conditions, 'Reconciling')?.reason.startsWith('ReferencesNonexistent') === true
  );
}

async function misspell(): Promise<void> {
  await changeSpec(world, 'db', typo);
}

describe('a plan that nothing has, in the spec of an instance', () => {
  it('that is ready leaves it ready, is told, and is forgotten when mended', async () => {
    await readyInstance(world, 'db');
    await misspell();
    const told = await world.instance('db', isTold, 'says what is wrong');
    expect(isReady(told)).toBe(true);
    await changeSpec(world, 'db', mended);
    expect((await settled(world, 'db')).status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    await removeInstance(world, 'db');
  });

  it('leaves what the broker has under our finalizer, also when that was taken away', async () => {
    await readyInstance(world, 'db');
    const ref = { namespace: world.namespace, name: 'db' };
    const stripped = { metadata: { finalizers: null }, spec: typo };
    await world.client.patch(serviceInstances, ref, stripped, { type: 'merge' });
    const told = await world.instance('db', isTold, 'says what is wrong');
    expect(told.metadata.finalizers).toEqual([finalizer]);
    await removeInstance(world, 'db');
    expect(world.broker.requestsOf('deprovision')).toHaveLength(1);
  });

  it('that is being made does not stop the polls', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity });
    await world.createInstance('db');
    await world.instance('db', isPolled, 'is polled');
    await misspell();
    const before = world.broker.requestsOf('pollInstance').length;
    await waitFor(() => world.broker.requestsOf('pollInstance').length > before + 2, {
      describe: 'polling goes on',
    });
    world.broker.finishPending();
    const made = await world.instance('db', isTold, 'is made, and says what is wrong');
    expect(made.status?.provisionStatus).toBe('Provisioned');
    expect(isReady(made)).toBe(true);
    await removeInstance(world, 'db');
  });

  it('that is being updated does not stop the polls', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'async', polls: Infinity });
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await world.instance('db', isPolled, 'is polled');
    await misspell();
    const before = world.broker.requestsOf('pollInstance').length;
    await waitFor(() => world.broker.requestsOf('pollInstance').length > before + 2, {
      describe: 'polling goes on',
    });
    world.broker.finishPending();
    const told = await world.instance('db', isTold, 'is updated, and says what is wrong');
    expect(isReady(told)).toBe(true);
    expect(told.status?.externalProperties?.parameters).toEqual({ size: 2 });
    await removeInstance(world, 'db');
  });

  it('does not stop the clean-up of what a failed attempt has left', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500, applies: true });
    const script = world.broker.script(
      { operation: 'deprovision' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('db');
    await world.instance('db', isCleaning, 'is cleaning up');
    await misspell();
    script.cancel();
    await waitFor(() => world.broker.liveInstances().length === 0, { describe: 'the broker is clean' });
    const told = await world.instance('db', isTold, 'says what is wrong');
    expect(told.status?.orphanMitigationInProgress).toBe(false);
    expect(isReady(told)).toBe(false);
    await removeInstance(world, 'db');
  });

  it('does not hide that a clean-up is held back', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 500, applies: true });
    const script = world.broker.script(
      { operation: 'deprovision' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('db');
    await world.instance('db', isCleaning, 'is cleaning up');
    const ref = { namespace: world.namespace, name: 'db' };
    const annotations = { [orphanMitigationAnnotation]: 'disabled' };
    await world.client.patch(
      serviceInstances,
      ref,
      { metadata: { annotations }, spec: typo },
      { type: 'merge' },
    );
    const isHeldBack = ({ status }: ServiceInstance) =>
      findCondition(status?.conditions, 'Stalled')?.reason === 'OrphanMitigationDisabled';
    await world.instance('db', isHeldBack, 'is held back');
    script.cancel();
    await removeInstance(world, 'db');
  });

  it('does not stop its deletion, nor that of its bindings, nor the fetch of their credentials', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'bind' }, { kind: 'async', polls: 1 });
    const script = world.broker.script(
      { operation: 'getBinding' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createBinding('login', 'db');
    await waitFor(() => world.broker.requestsOf('getBinding').length > 0, { describe: 'a fetch' });
    await misspell();
    await world.instance('db', isTold, 'says what is wrong');
    script.cancel();
    await world.binding('login', isReady, 'is ready');
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    world.broker.script({ operation: 'deprovision' }, { kind: 'async', polls: 2 });
    await removeInstance(world, 'db');
    expect(world.broker.requestsOf('unbind').map(({ query }) => query['accepts_incomplete'])).toEqual([
      'true',
    ]);
  });

  it('of an instance that is ready does not stop it from being bound', async () => {
    await readyInstance(world, 'db');
    await misspell();
    await world.instance('db', isTold, 'says what is wrong');
    await world.createBinding('login', 'db');
    const { status } = await world.binding('login', isReady, 'is ready');
    expect(status?.externalProperties).toBeDefined();
    const [live] = world.broker.liveInstances();
    expect(world.broker.requestsOf('bind').map(({ body }) => body)).toMatchObject([
      { plan_id: live?.planId },
    ]);
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });

  it('of an attempt that waits for its time is mended like any other', async () => {
    const script = world.broker.script(
      { operation: 'provision' },
      { kind: 'answer', status: 422, body: { error: 'ConcurrencyError' } },
      'always',
    );
    await world.createInstance('db');
    await world.instance('db', ({ status }) => (status?.attempts ?? 0) > 0, 'is tried again');
    await misspell();
    await world.instance('db', isTold, 'says what is wrong');
    script.cancel();
    await changeSpec(world, 'db', mended);
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });

  it('of what the broker has refused for good is tried again when it is mended', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 400 });
    await world.createInstance('db');
    await world.instance('db', isFailed, 'has failed');
    await misspell();
    const told = await world.instance('db', isTold, 'says what is wrong');
    expect(isFailed(told)).toBe(false);
    await changeSpec(world, 'db', mended);
    await world.instance('db', isReady, 'is ready');
    await removeInstance(world, 'db');
  });

  it('after an update that was refused leaves it ready, and is forgotten when all is turned back', async () => {
    await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 400 });
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await world.instance('db', isFailed, 'is refused');
    await misspell();
    expect(isReady(await world.instance('db', isTold, 'says what is wrong'))).toBe(true);
    await changeSpec(world, 'db', { ...mended, parameters: null });
    expect((await settled(world, 'db')).status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    await removeInstance(world, 'db');
  });
});
