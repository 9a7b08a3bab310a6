import { findCondition, isConditionTrue } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { pausedAnnotation } from '../../../src/api/group.ts';
import { serviceBindings, serviceInstances } from '../../../src/api/kinds.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { isReady, madeNow, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';
import {
  annotate,
  changeSpec,
  expectCleanBroker,
  readyInstance,
  removeInstance,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms', maxRetryInterval: '200ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const pause = { [pausedAnnotation]: 'true' };
const goOn = { [pausedAnnotation]: null };

const isPaused = ({ status }: ServiceInstance | ServiceBinding) =>
  isConditionTrue(status?.conditions, 'Paused');

const isPolled = ({ status }: ServiceInstance) => status?.asyncOpInProgress === true;

/** Another instance goes all its way meanwhile: time enough for what must not happen. */
async function anotherGoesItsWay(): Promise<void> {
  const spec = { parameters: { other: true } };
  await readyInstance(world, 'other', spec);
  await removeInstance(world, 'other');
}

/** Requests that are about this instance. */
function requestsOf(instanceId: string | undefined, operation?: string): number {
  const isMeant = (request: RecordedRequest): boolean =>
    request.instanceId === instanceId && (operation === undefined || request.operation === operation);
  return world.broker.requests.filter(isMeant).length;
}

describe('an instance that is paused', () => {
  const externalID = 'a-paused-one';

  it('is not made until somebody lets it go on', async () => {
    await world.createInstance('db', { externalID }, { ...pause, ...madeNow() });
    const paused = await world.instance('db', isPaused, 'is paused');
    expect(findCondition(paused.status?.conditions, 'Ready')).toBeUndefined();
    expect(findCondition(paused.status?.conditions, 'Paused')?.message).toContain(
      `To go on: kubectl annotate serviceinstance.servicecatalog.k8s.io db -n ${world.namespace} ${pausedAnnotation}-`,
    );
    await anotherGoesItsWay();
    expect(requestsOf(externalID)).toBe(0);
    await annotate(world, 'db', goOn);
    const made = await world.instance('db', isReady, 'is made');
    expect(isPaused(made)).toBe(false);
    await removeInstance(world, 'db');
  });

  it('keeps what its status says, and is updated when it goes on', async () => {
    const { spec, status } = await readyInstance(world, 'db');
    const updates = (): number => requestsOf(spec.externalID, 'update');
    await annotate(world, 'db', pause);
    await world.instance('db', isPaused, 'is paused');
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await anotherGoesItsWay();
    const { status: now } = await world.instance('db', isPaused, 'is paused');
    expect({ ...now, conditions: now?.conditions?.filter(({ type }) => type !== 'Paused') }).toEqual(status);
    expect(updates()).toBe(0);
    await annotate(world, 'db', goOn);
    await waitFor(() => updates() > 0, { describe: 'it is updated' });
    await world.instance(
      'db',
      ({ metadata, status: last }) => last?.reconciledGeneration === metadata.generation,
      'is updated',
    );
    await removeInstance(world, 'db');
  });

  it('is not polled, and its operation has as much time left as before', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity });
    await world.createInstance('db');
    const polled = await world.instance('db', isPolled, 'is polled');
    await annotate(world, 'db', pause);
    const paused = await world.instance('db', isPaused, 'is paused');
    expect(findCondition(paused.status?.conditions, 'Paused')?.message).toContain(
      'how that ends is seen later',
    );
    const { externalID: id } = polled.spec;
    const before = requestsOf(id);
    const { operationDeadline: deadline, conditions } = paused.status ?? {};
    await anotherGoesItsWay();
    const since = Date.parse(findCondition(conditions, 'Paused')?.lastTransitionTime ?? '');
    await waitFor(() => Date.now() > since + 2_000, { describe: 'it was paused for a while' });
    // At most the poll that was under way.
    expect(requestsOf(id)).toBeLessThanOrEqual(before + 1);
    await annotate(world, 'db', goOn);
    const going = await world.instance('db', (instance) => !isPaused(instance), 'goes on');
    const moved = Date.parse(going.status?.operationDeadline ?? '') - Date.parse(deadline ?? '');
    expect(moved).toBeGreaterThanOrEqual(1_000);
    world.broker.finishPending();
    await world.instance('db', isReady, 'is made');
    await removeInstance(world, 'db');
  });

  it('waits with its deletion, and says how to go on', async () => {
    const { spec } = await readyInstance(world, 'db');
    await annotate(world, 'db', pause);
    await world.instance('db', isPaused, 'is paused');
    await world.remove(serviceInstances, 'db');
    const isTold = ({ status }: ServiceInstance) =>
      findCondition(status?.conditions, 'Ready')?.message.includes('Its deletion waits') === true;
    const waiting = await world.instance('db', isTold, 'waits');
    expect(findCondition(waiting.status?.conditions, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'Paused',
    });
    await anotherGoesItsWay();
    expect(requestsOf(spec.externalID, 'deprovision')).toBe(0);
    await annotate(world, 'db', goOn);
    await world.gone(serviceInstances, 'db');
    expect(requestsOf(spec.externalID, 'deprovision')).toBe(1);
  });

  it('counts as paused while its word is unclear', async () => {
    await world.createInstance('db', {}, { [pausedAnnotation]: 'yes' });
    const isUnclear = ({ status }: ServiceInstance) =>
      findCondition(status?.conditions, 'Paused')?.reason === 'PausedUnclear';
    await world.instance('db', isUnclear, 'is paused');
    await annotate(world, 'db', { [pausedAnnotation]: 'false' });
    await world.instance('db', isReady, 'is made');
    await removeInstance(world, 'db');
  });
});

describe('a binding that is paused', () => {
  it('is neither made nor deleted until somebody lets it go on', async () => {
    await readyInstance(world, 'db');
    await world.createBinding('login', 'db', {}, pause);
    await world.binding('login', isPaused, 'is paused');
    await anotherGoesItsWay();
    expect(world.broker.requestsOf('bind')).toEqual([]);
    const ref = { namespace: world.namespace, name: 'login' };
    const letGo = { metadata: { annotations: goOn } };
    await world.client.patch(serviceBindings, ref, letGo, { type: 'merge' });
    await world.binding('login', isReady, 'is made');
    await world.client.patch(serviceBindings, ref, { metadata: { annotations: pause } }, { type: 'merge' });
    await world.binding('login', isPaused, 'is paused');
    await world.remove(serviceBindings, 'login');
    await world.remove(serviceInstances, 'db');
    await anotherGoesItsWay();
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    await world.client.patch(serviceBindings, ref, letGo, { type: 'merge' });
    await world.gone(serviceBindings, 'login');
    await world.gone(serviceInstances, 'db');
  });
});
