import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import { isFailed, isReady, madeNow, ServiceWorld } from '../../support/world/service-world.ts';
import type { AsyncBehaviour, Behaviour } from '../../support/test-broker/behaviour.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ catalog: withHurriedPlan() });
  await world.createInstance('db');
  await world.createInstance('hurried', { clusterServicePlanExternalName: 'hurried' });
  for (const name of ['db', 'hurried']) await world.instance(name, isReady, 'is ready');
}, 60_000);
afterAll(() => world.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

/** One more plan, whose operations may take two seconds. */
function withHurriedPlan(): ReturnType<typeof sampleCatalog> {
  const [database, ...others] = sampleCatalog().services;
  if (database === undefined) throw new Error('the sample catalog is empty');
  const hurried = { id: 'hurried', name: 'hurried', description: 'Soon', maximum_polling_duration: 2 };
  return { services: [{ ...database, plans: [...database.plans, hurried] }, ...others] };
}

/** A binding whose PUT is answered with 202. */
async function bindAsync(name: string, behaviour: AsyncBehaviour, instance = 'db'): Promise<string> {
  const externalID = randomUUID();
  world.broker.script({ operation: 'bind', bindingId: externalID }, { kind: 'async', ...behaviour });
  await world.createBinding(name, instance, { externalID }, madeNow());
  return externalID;
}

/** A binding whose DELETE is answered with 202, and is on its way. */
async function unbindAsync(name: string, behaviour: AsyncBehaviour, instance = 'db'): Promise<void> {
  await world.createBinding(name, instance);
  const { status } = await world.binding(name, isReady, 'is ready');
  const match = { operation: 'unbind', bindingId: status?.bindingID ?? '' } as const;
  world.broker.script(match, { kind: 'async', ...behaviour });
  await world.remove(serviceBindings, name);
}

async function removeBinding(name: string): Promise<void> {
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
  expect(world.broker.liveBindings()).toEqual([]);
}

const isCleanFailure = (binding: ServiceBinding): boolean =>
  isFailed(binding) && binding.status?.orphanMitigationInProgress !== true;
const isPolled = ({ status }: ServiceBinding): boolean => status?.asyncOpInProgress === true;
const says =
  (reason: string, words: string) =>
  ({ status }: ServiceBinding): boolean => {
    const doing = findCondition(status?.conditions ?? [], 'Reconciling');
    return doing?.reason === reason && doing.message.includes(words);
  };

describe('the polling of a bind', () => {
  it.each<readonly [string, Behaviour]>([
    ['P28 500', { kind: 'answer', status: 500 }],
    ['P28 404', { kind: 'answer', status: 404 }],
    ['P31 410', { kind: 'answer', status: 410 }],
    ['P28 no JSON', { kind: 'answer', rawBody: '<html>' }],
    ['H18 a state that is none', { kind: 'answer', body: { state: 'Succeeded' } }],
    ['P28 half a body', { kind: 'truncate' }],
  ])('goes on after %s', async (_case, behaviour) => {
    world.broker.script({ operation: 'pollBinding' }, { ...behaviour, applies: false });
    await bindAsync('unclear', { polls: 0 });
    await world.binding('unclear', isReady, 'is ready');
    expect(world.broker.requestsOf('pollBinding')).toHaveLength(2);
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    await removeBinding('unclear');
  });

  it('P29 stops at "succeeded"; then the credentials are fetched, and no later state matters (H18)', async () => {
    world.broker.script({ operation: 'getBinding' }, { kind: 'answer', status: 500 });
    const bindingId = await bindAsync('succeeded', { polls: 0 });
    await world.binding('succeeded', says('Backoff', 'Could not do a GET'), 'could not fetch them at once');
    world.broker.script(
      { operation: 'pollBinding', bindingId },
      { kind: 'answer', body: { state: 'in progress' } },
      'always',
    );
    await world.binding('succeeded', isReady, 'is ready');
    expect(world.broker.requestsOf('pollBinding')).toHaveLength(1);
    expect(world.broker.requestsOf('getBinding')).toHaveLength(2);
    await removeBinding('succeeded');
  });

  it('P32 keeps the gap that Retry-After asks for, also when something else happens', async () => {
    await bindAsync('patient', { polls: 1, retryAfter: '2' });
    const polls = () => world.broker.requestsOf('pollBinding');
    await waitFor(() => polls().length === 1, { describe: 'the first poll' });
    const ref = { namespace: world.namespace, name: 'patient' };
    const nudge = { metadata: { labels: { nudge: 'x' } } };
    await world.client.patch(serviceBindings, ref, nudge, { type: 'merge' });
    await world.binding('patient', isReady, 'is ready');
    const [first, second] = polls();
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2000);
    expect(polls()).toHaveLength(2);
    await removeBinding('patient');
  });

  it('P29 stops at "failed": what may be left is unbound', async () => {
    await bindAsync('failed', { polls: 0, result: 'failed', description: 'no more users' });
    const failed = await world.binding('failed', isCleanFailure, 'is failed and clean');
    expect(failed.status?.conditions?.at(-1)?.message).toContain('no more users');
    expect(world.broker.requestsOf('pollBinding')).toHaveLength(1);
    expect(world.broker.liveBindings()).toEqual([]);
    await removeBinding('failed');
  });

  it("P33 H19 ends at the plan's limit, which survives a restart: what may be left is unbound", async () => {
    await bindAsync('endless', { polls: Infinity, interruptible: true }, 'hurried');
    const polled = await world.binding('endless', isPolled, 'is polled');
    await world.stopControllers();
    world.startControllers();
    const failed = await world.binding('endless', isCleanFailure, 'is failed and clean');
    expect(failed.status?.conditions?.at(-1)?.message).toContain('had not finished by');
    expect(polled.status?.operationDeadline).toBeDefined();
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    expect(world.broker.liveBindings()).toEqual([]);
    await removeBinding('endless');
  });
});

describe('the polling of an unbind', () => {
  it.each([
    ['P30 410', { polls: 1, result: 'gone' } as const],
    ['P29 "succeeded"', { polls: 1 }],
  ])('is over with %s', async (_case, behaviour) => {
    await unbindAsync('gone', behaviour);
    await world.gone(serviceBindings, 'gone');
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    expect(world.broker.liveBindings()).toEqual([]);
  });

  it('P29 stops at "failed", and the DELETE is sent again', async () => {
    await unbindAsync('stubborn', { polls: 0, result: 'failed', description: 'not today' });
    await world.binding('stubborn', says('UnbindCallFailed', 'not today'), 'says why');
    await world.gone(serviceBindings, 'stubborn');
    expect(world.broker.requestsOf('unbind')).toHaveLength(2);
    expect(world.broker.liveBindings()).toEqual([]);
  });

  it('H21 that the broker knows nothing of (404) sends the DELETE again', async () => {
    world.broker.script({ operation: 'pollBinding' }, { kind: 'answer', status: 404 });
    await unbindAsync('lost', { polls: 0 });
    await world.gone(serviceBindings, 'lost');
    expect(world.broker.requestsOf('unbind')).toHaveLength(2);
    expect(world.broker.liveBindings()).toEqual([]);
  });

  it("P33 ends at the plan's limit, and the DELETE is sent again", async () => {
    await unbindAsync('slow', { polls: Infinity }, 'hurried');
    await world.binding('slow', says('UnbindCallFailed', 'had not finished by'), 'says why');
    world.broker.finishPending();
    await world.gone(serviceBindings, 'slow');
    expect(world.broker.requestsOf('unbind').length).toBeGreaterThan(1);
    expect(world.broker.liveBindings()).toEqual([]);
  });
});

describe('P60: the deletion of a binding that is still being made', () => {
  it('is sent at once, and again when the broker could not be interrupted (P41)', async () => {
    await bindAsync('refused', { polls: Infinity });
    await world.binding('refused', isPolled, 'is polled');
    await world.remove(serviceBindings, 'refused');
    await world.binding('refused', says('UnbindCallFailed', 'ConcurrencyError'), 'waits for the broker');
    world.broker.finishPending();
    await world.gone(serviceBindings, 'refused');
    expect(world.broker.liveBindings()).toEqual([]);
  });

  it('is over when the broker stops making it', async () => {
    await bindAsync('halted', { polls: Infinity, interruptible: true });
    await world.binding('halted', isPolled, 'is polled');
    await removeBinding('halted');
    expect(world.broker.requestsOf('unbind')).toHaveLength(1);
    expect(world.broker.requestsOf('getBinding')).toEqual([]);
  });
});
