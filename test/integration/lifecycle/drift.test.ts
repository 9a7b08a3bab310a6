import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { syncRequestedAtAnnotation } from '../../../src/api/group.ts';
import { isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { LiveInstance } from '../../support/test-broker/broker-state.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  annotate,
  changeSpec,
  expectCleanBroker,
  readyInstance,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { driftCheckInterval: '200ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

function atBroker(): LiveInstance {
  const [live] = world.broker.liveInstances();
  if (live === undefined) throw new Error('the broker has nothing');
  return live;
}

const driftOf = ({ status }: ServiceInstance) => findCondition(status?.conditions, 'Drifted');
const isGone = (instance: ServiceInstance) => readyReason(instance) === 'NotFoundAtBroker';

/** It is asked for twice more. */
async function isAskedFor(): Promise<void> {
  const before = world.broker.requestsOf('getInstance').length;
  await waitFor(() => world.broker.requestsOf('getInstance').length > before + 1, {
    describe: 'it is asked for',
  });
}

describe('a service that was changed at its broker', () => {
  it('is told, without values, and comes to what the spec says when somebody asks for it', async () => {
    const parameters = { size: 1, color: 'red', nested: { deep: 'secret', same: true } };
    await readyInstance(world, 'db', { parameters });
    await isAskedFor();
    const before = await settled(world, 'db');
    expect(driftOf(before)).toBeUndefined();

    const large = world.broker.catalog.services[0]?.plans[1]?.id ?? '';
    Object.assign(atBroker(), {
      planId: large,
      parameters: { size: 1, color: 'hunter2', nested: { deep: 'other', same: true }, added: 'by default' },
    });
    const drifted = await world.instance('db', (instance) => driftOf(instance) !== undefined, 'is told');
    expect(driftOf(drifted)).toMatchObject({ status: 'True', reason: 'PlanAndParametersDiffer' });
    const { message = '' } = driftOf(drifted) ?? {};
    expect(message).toContain(
      'The service at the broker has plan "large" instead of "small" and other values of the parameters color, nested.deep. Nothing is changed',
    );
    expect(message).not.toMatch(/hunter2|other,|added/);
    expect(message).toContain(`--type merge -p '{"spec":{"updateRequests":1}}'`);
    expect(isReady(drifted)).toBe(true);
    await isAskedFor();
    expect(world.broker.requestsOf('update')).toEqual([]);

    await changeSpec(world, 'db', { updateRequests: 1 });
    await world.instance('db', (instance) => driftOf(instance) === undefined, 'is as it was');
    expect(world.broker.requestsOf('update').map(({ body }) => body)).toMatchObject([
      { plan_id: before.status?.externalProperties?.planID, parameters },
    ]);
    expect(atBroker()).toMatchObject({ planId: before.status?.externalProperties?.planID, parameters });
    await removeInstance(world, 'db');
  });

  it('is nothing to tell of where the broker says less, or the same in other words', async () => {
    await readyInstance(world, 'db', { parameters: { size: 1, color: 'red' } });
    Object.assign(atBroker(), { parameters: { size: '1' } });
    await isAskedFor();
    await isAskedFor();
    expect(driftOf(await settled(world, 'db'))).toBeUndefined();
    Object.assign(atBroker(), { parameters: undefined });
    await isAskedFor();
    expect(driftOf(await settled(world, 'db'))).toBeUndefined();
    await removeInstance(world, 'db');
  });

  it('is told also of a plan whose id is longer than a condition', async () => {
    await readyInstance(world, 'db');
    const body = { plan_id: 'p'.repeat(100_000) };
    const script = world.broker.script(
      { operation: 'getInstance' },
      { kind: 'answer', status: 200, body },
      'always',
    );
    const drifted = await world.instance('db', (instance) => driftOf(instance) !== undefined, 'is told');
    expect(driftOf(drifted)).toMatchObject({ reason: 'PlanDiffers' });
    script.cancel();
    await removeInstance(world, 'db');
  });

  it('is no longer told when it was put right there', async () => {
    await readyInstance(world, 'db', { parameters: { size: 1 } });
    Object.assign(atBroker(), { parameters: { size: 2 } });
    const drifted = await world.instance('db', (instance) => driftOf(instance) !== undefined, 'is told');
    expect(driftOf(drifted)?.reason).toBe('ParametersDiffer');
    Object.assign(atBroker(), { parameters: { size: 1 } });
    await world.instance('db', (instance) => driftOf(instance) === undefined, 'is forgotten');
    await removeInstance(world, 'db');
  });
});

describe('a service that its broker has no more', () => {
  it('is told and left alone, and is ready again when the broker has it', async () => {
    const { spec } = await readyInstance(world, 'db');
    const script = world.broker.script(
      { operation: 'getInstance' },
      { kind: 'answer', status: 404 },
      'always',
    );
    const gone = await world.instance('db', isGone, 'is told');
    expect(gone.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Stalled True',
      'Ready False',
    ]);
    await isAskedFor();
    const sent = world.broker.requests.filter(
      ({ operation, instanceId }) => instanceId === spec.externalID && operation !== 'getInstance',
    );
    expect(sent.map(({ operation }) => operation)).toEqual(['provision']);
    script.cancel();
    const back = await world.instance('db', isReady, 'is back');
    expect(readyReason(back)).toBe('FoundAtBroker');
    await removeInstance(world, 'db');
  });

  it('is no news while the broker can not say', async () => {
    await readyInstance(world, 'db');
    const script = world.broker.script(
      { operation: 'getInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await isAskedFor();
    await annotate(world, 'db', { [syncRequestedAtAnnotation]: 'now' });
    await isAskedFor();
    expect(isReady(await settled(world, 'db'))).toBe(true);
    script.cancel();
    await removeInstance(world, 'db');
  });
});
