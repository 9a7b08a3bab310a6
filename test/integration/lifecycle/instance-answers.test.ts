import { randomUUID } from 'node:crypto';
import { serviceInstances } from '../../../src/api/kinds.ts';
import type { Operation } from '../../../src/osb/outcome-types.ts';
import { isFailed, isReady, madeNow, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { changeSpec, removeInstance, settled } from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  // On a busy machine an answer may take seconds, and what is counted here must not be cut off by that.
  const flags = { maxPollInterval: '50ms', maxRetryInterval: '200ms', brokerTimeout: '15s' };
  world = await ServiceWorld.start({ flags });
}, 60_000);
afterAll(() => world.stop());

const says = (status: number, rawBody: string, applies: boolean): Behaviour => ({
  kind: 'answer',
  status,
  rawBody,
  applies,
});
const error = (word: string): string => JSON.stringify({ error: word, description: 'As told.' });
const redirect: Behaviour = {
  kind: 'answer',
  status: 302,
  headers: { location: '/elsewhere' },
  applies: false,
};
const lateBody = '{"description":"ConcurrencyError"}';

/** What each write comes to: see `End`, and for updates `again` or `given up`. */
type Row = readonly [answer: string, behaviour: Behaviour, provision: End, update: 'again' | 'given up'];
/** `same`: tried again under the same id. `fresh`: deleted, and made under a fresh one. `failed`: final, nothing is sent. */
type End = 'same' | 'fresh' | 'failed';

const rows: readonly Row[] = [
  ['200 with an unusable body', says(200, '<html>', true), 'same', 'again'],
  ['201 with an unusable body', says(201, '<html>', true), 'fresh', 'again'],
  ['202 with an unusable body', says(202, '<html>', true), 'fresh', 'again'],
  ['H16 202 with an operation that is none', says(202, '{"operation":7}', true), 'fresh', 'again'],
  ['204', says(204, '', true), 'fresh', 'again'],
  ['H27 302', redirect, 'same', 'again'],
  ['400', says(400, '{}', false), 'failed', 'given up'],
  ['401', says(401, '{}', false), 'same', 'again'],
  ['404', says(404, '{}', false), 'same', 'again'],
  ['408', says(408, '{}', false), 'same', 'again'],
  ['409', says(409, '{}', false), 'failed', 'given up'],
  ['H22 410', says(410, '{}', false), 'failed', 'given up'],
  ['422', says(422, '{}', false), 'failed', 'given up'],
  ['422 AsyncRequired', says(422, error('AsyncRequired'), false), 'failed', 'given up'],
  ['P58 422 MaintenanceInfoConflict', says(422, error('MaintenanceInfoConflict'), false), 'same', 'again'],
  ['P41 422 ConcurrencyError', says(422, error('ConcurrencyError'), false), 'same', 'again'],
  ['422 with ConcurrencyError only in its text', says(422, lateBody, false), 'failed', 'given up'],
  ['429', says(429, '{}', false), 'same', 'again'],
  ['500', says(500, '{}', true), 'fresh', 'again'],
  ['503', says(503, '{}', true), 'fresh', 'again'],
  ['no end', { kind: 'hang', applies: true }, 'fresh', 'again'],
  ['half a body', { kind: 'truncate', status: 201, applies: true }, 'fresh', 'again'],
];

const countOf = (operation: Operation, id: string): number => world.broker.requestsOf(operation, id).length;
const isLive = (id: string): boolean => world.broker.liveInstances().some((live) => live.id === id);

describe('P36: the creation of an instance that is answered with', () => {
  const cases = rows.map(([answer, behaviour, end], index) => {
    return { answer, behaviour, end, name: `made-${index}`, externalID: randomUUID() };
  });
  let undisturbed: Disposable;
  // All at once: each of them waits for its own back-off.
  beforeAll(async () => {
    undisturbed = world.undisturbed('side by side, the step of one is in the middle of a request of another');
    await Promise.all(
      cases.map(({ behaviour, name, externalID }) => {
        world.broker.script({ operation: 'provision', instanceId: externalID }, behaviour);
        return world.createInstance(name, { externalID }, madeNow());
      }),
    );
  });
  afterAll(() => undisturbed[Symbol.dispose]());

  it.each(cases)('$answer ends $end', async ({ end, name, externalID }) => {
    const { status } = await world.instance(name, end === 'failed' ? isFailed : isReady, 'is over');
    const sent = { puts: countOf('provision', externalID), deletes: countOf('deprovision', externalID) };
    expect(sent).toEqual(
      {
        same: { puts: 2, deletes: 0 },
        fresh: { puts: 1, deletes: 1 },
        failed: { puts: 1, deletes: 0 },
      }[end],
    );
    // After 409 the id is another's, and one that failed has no need of it.
    expect(end === 'failed' || (status?.instanceID === externalID) === (end === 'same')).toBe(true);
    expect(isLive(externalID)).toBe(end === 'same');
    await removeInstance(world, name);
    expect(isLive(status?.instanceID ?? '')).toBe(false);
  });
});

describe('P36: an update that is answered with', () => {
  const cases = rows.map(([answer, behaviour, _end, end], index) => {
    return { answer, behaviour, end, name: `changed-${index}`, externalID: randomUUID() };
  });
  let undisturbed: Disposable;
  beforeAll(async () => {
    undisturbed = world.undisturbed('side by side, the step of one is in the middle of a request of another');
    await Promise.all(
      cases.map(async ({ behaviour, name, externalID }) => {
        await world.createInstance(name, { externalID }, madeNow());
        await world.instance(name, isReady, 'is ready');
        world.broker.script({ operation: 'update', instanceId: externalID }, behaviour);
        await changeSpec(world, name, { parameters: { size: 2 } });
      }),
    );
  });
  afterAll(() => undisturbed[Symbol.dispose]());

  it.each(cases)('$answer is $end, and nothing is deleted', async ({ end, name, externalID }) => {
    const changed = await settled(world, name);
    expect(countOf('update', externalID)).toBe(end === 'again' ? 2 : 1);
    expect(countOf('deprovision', externalID)).toBe(0);
    // What is there works, whatever became of the update.
    expect(isReady(changed)).toBe(true);
    const { parameters } = world.broker.liveInstances().find(({ id }) => id === externalID) ?? {};
    expect(parameters).toEqual(end === 'again' ? { size: 2 } : undefined);
    await removeInstance(world, name);
    expect(countOf('deprovision', externalID)).toBe(1);
  });
});

describe('P36 P56: a deletion that is answered with', () => {
  it.each<[string, Behaviour]>([
    ['200 with an unusable body', says(200, '<html>', false)],
    ['202 with an unusable body', says(202, '<html>', false)],
    ['H27 302', redirect],
    ['401', says(401, '{}', false)],
    ['408', says(408, '{}', false)],
    ['409', says(409, '{}', false)],
    ['422 with AsyncRequired', says(422, error('AsyncRequired'), false)],
    ['429', says(429, '{}', false)],
    ['503', says(503, '{}', false)],
    ['half a body', { kind: 'truncate', status: 200, applies: false }],
  ])('%s keeps the object, and is sent again', async (_answer, behaviour) => {
    const externalID = randomUUID();
    await world.createInstance('gone', { externalID }, madeNow());
    await world.instance('gone', isReady, 'is ready');
    world.broker.script({ operation: 'deprovision', instanceId: externalID }, behaviour);
    await world.remove(serviceInstances, 'gone');
    await world.gone(serviceInstances, 'gone');
    // Without the object nobody would have sent the second one.
    expect(countOf('deprovision', externalID)).toBe(2);
    expect(isLive(externalID)).toBe(false);
  });

  it('410 is over', async () => {
    const externalID = randomUUID();
    await world.createInstance('gone', { externalID }, madeNow());
    await world.instance('gone', isReady, 'is ready');
    world.broker.script({ operation: 'deprovision', instanceId: externalID }, says(410, '{}', true));
    await removeInstance(world, 'gone');
    expect(countOf('deprovision', externalID)).toBe(1);
  });
});
