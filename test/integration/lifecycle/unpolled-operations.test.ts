import { serviceBindings } from '../../../src/api/kinds.ts';
import type { ServiceInstance } from '../../../src/api/generated/service-instance.ts';
import { orphanMitigationAnnotation } from '../../../src/api/group.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { AsyncBehaviour, Behaviour } from '../../support/test-broker/behaviour.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { waitFor } from '../../support/wait-for.ts';
import { changeSpec, expectCleanBroker, removeInstance } from './instance-actions.ts';

/** Of a broker that ends an operation only when it is asked about it, and answers everything else with ConcurrencyError. */
let world: ServiceWorld;
beforeAll(async () => {
  const [database, ...others] = sampleCatalog().services;
  if (database === undefined) throw new Error('the sample catalog is empty');
  const impatient = { id: 'impatient', name: 'impatient', description: 'Soon', maximum_polling_duration: 2 };
  const catalog = { services: [{ ...database, plans: [...database.plans, impatient] }, ...others] };
  const flags = { maxPollInterval: '50ms', maxRetryInterval: '200ms', brokerTimeout: '15s' };
  world = await ServiceWorld.start({ catalog, flags });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const impatient = { clusterServicePlanExternalName: 'impatient' };
/** It has begun, and the answer is lost. */
const lost: Behaviour & AsyncBehaviour = { kind: 'async', polls: 2, operation: null, status: 500 };

/** Each but the last was answered with ConcurrencyError. */
function expectRefusedUntilOver(requests: readonly RecordedRequest[]): void {
  const statuses = requests.map(({ status }) => status);
  expect(statuses.length).toBeGreaterThan(3);
  expect(statuses).toEqual([...Array<number>(statuses.length - 1).fill(422), 200]);
}

describe('H50 P41 an operation that nobody polls', () => {
  it('a creation that was given up is polled with its operation whenever the clean-up is refused, until that is over', async () => {
    world.broker.script({ operation: 'provision' }, { kind: 'async', polls: 2 });
    const unclear = world.broker.script(
      { operation: 'pollInstance' },
      { kind: 'answer', status: 500 },
      'always',
    );
    await world.createInstance('overdue', impatient);
    await waitFor(() => world.broker.requestsOf('deprovision').some(({ status }) => status === 422));
    unclear.cancel();
    const clean = await world.instance(
      'overdue',
      (instance) => isFailed(instance) && instance.status?.orphanMitigationInProgress === false,
      'is failed and clean',
    );
    expect(world.broker.liveInstances()).toEqual([]);
    expect(clean.status?.lastOperation).toBeUndefined();
    await removeInstance(world, 'overdue');
  });

  it('a creation whose answer was lost is polled, and made anew when it is gone', async () => {
    world.broker.script({ operation: 'provision' }, lost);
    await world.createInstance('lost');
    const ready = await world.instance('lost', isReady, 'is ready');
    const provisioned = world.broker.requestsOf('provision').map(({ instanceId }) => instanceId);
    expect(provisioned.length).toBe(2);
    const [first] = provisioned;
    expect(first).not.toBe(ready.status?.instanceID);
    expectRefusedUntilOver(world.broker.requestsOf('deprovision', first));
    expect(world.broker.requestsOf('pollInstance', first).length).toBe(3);
    await removeInstance(world, 'lost');
  });

  it('a deletion by a user asks as well', async () => {
    world.broker.script({ operation: 'provision' }, lost);
    await world.createInstance('left', {}, { [orphanMitigationAnnotation]: 'disabled' });
    const isHeldBack = (found: ServiceInstance): boolean => readyReason(found) === 'OrphanMitigationDisabled';
    await world.instance('left', isHeldBack, 'is held back');
    await removeInstance(world, 'left');
  });

  it('an update whose answer was lost is polled whenever it is refused, and then repeated', async () => {
    await world.createInstance('changed');
    await world.instance('changed', isReady, 'is ready');
    world.broker.script({ operation: 'update' }, lost);
    await changeSpec(world, 'changed', { parameters: { size: 2 } });
    const isChanged = ({ status, metadata }: ServiceInstance): boolean =>
      status?.reconciledGeneration === metadata.generation;
    await world.instance('changed', isChanged, 'is changed');
    expectRefusedUntilOver(world.broker.requestsOf('update').slice(1));
    await removeInstance(world, 'changed');
  });

  it('a bind whose answer was lost is polled, and made anew when it is gone', async () => {
    await world.createInstance('db');
    await world.instance('db', isReady, 'is ready');
    world.broker.script({ operation: 'bind' }, lost);
    await world.createBinding('login', 'db');
    await world.binding('login', isReady, 'is ready');
    const [first] = world.broker.requestsOf('bind').map(({ bindingId }) => bindingId);
    expectRefusedUntilOver(world.broker.requestsOf('unbind').filter(({ bindingId }) => bindingId === first));
    await world.remove(serviceBindings, 'login');
    await world.gone(serviceBindings, 'login');
    await removeInstance(world, 'db');
  });
});
