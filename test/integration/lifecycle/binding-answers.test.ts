import { randomUUID } from 'node:crypto';
import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { finalizer } from '../../../src/api/group.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import { isFailed, isReady, madeNow, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start();
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 60_000);
afterAll(() => world.stop());

const says = (status: number, rawBody: string, applies: boolean): Behaviour => ({
  kind: 'answer',
  status,
  rawBody,
  applies,
});
const error = (word: string): string => JSON.stringify({ error: word, description: 'As told.' });
const redirect: Behaviour = { kind: 'answer', status: 302, headers: { location: '/elsewhere' } };

async function removeBinding(name: string): Promise<void> {
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
}

/**
 * `same`: tried again under the same id. `fresh`: unbound, and made under a fresh one. `failed`: final, nothing is
 * sent any more.
 */
type End = 'same' | 'fresh' | 'failed';

const binds: readonly (readonly [string, Behaviour, End])[] = [
  ['200 with an unusable body', says(200, '<html>', true), 'same'],
  ['201 with an unusable body', says(201, '<html>', true), 'fresh'],
  ['202 with an unusable body', says(202, '<html>', true), 'fresh'],
  ['202 with an operation that is none', says(202, '{"operation":7}', true), 'fresh'],
  ['204', says(204, '', true), 'fresh'],
  ['302', { ...redirect, applies: false }, 'same'],
  ['400', says(400, '{}', false), 'failed'],
  ['401', says(401, '{}', false), 'same'],
  ['404', says(404, '{}', false), 'same'],
  ['408', says(408, '{}', false), 'same'],
  ['409', says(409, '{}', false), 'failed'],
  ['410', says(410, '{}', false), 'failed'],
  ['422', says(422, '{}', false), 'failed'],
  ['422 AsyncRequired', says(422, error('AsyncRequired'), false), 'failed'],
  ['422 RequiresApp', says(422, error('RequiresApp'), false), 'failed'],
  ['P41 422 ConcurrencyError', says(422, error('ConcurrencyError'), false), 'same'],
  [
    '422 with ConcurrencyError only in its text',
    says(422, '{"description":"ConcurrencyError"}', false),
    'failed',
  ],
  ['429', says(429, '{}', false), 'same'],
  ['500', says(500, '{}', true), 'fresh'],
  ['503', says(503, '{}', true), 'fresh'],
  ['no end', { kind: 'hang', applies: true }, 'fresh'],
  ['half a body', { kind: 'truncate', status: 201, applies: true }, 'fresh'],
];

describe('P36: a bind that is answered with', () => {
  const cases = binds.map(([answer, behaviour, end], index) => {
    return { answer, behaviour, end, name: `bind-${index}`, externalID: randomUUID() };
  });
  let undisturbed: Disposable;
  // All at once: each of them waits for its own back-off.
  beforeAll(async () => {
    undisturbed = world.undisturbed('side by side, the step of one is in the middle of a request of another');
    await Promise.all(
      cases.map(({ behaviour, name, externalID }) => {
        world.broker.script({ operation: 'bind', bindingId: externalID }, behaviour);
        return world.createBinding(name, 'db', { externalID }, madeNow());
      }),
    );
  });

  afterAll(() => undisturbed[Symbol.dispose]());

  it.each(cases)('$answer ends $end', async ({ end, name, externalID }) => {
    const isOver = end === 'failed' ? isFailed : isReady;
    const { status } = await world.binding(name, isOver, 'is over');
    expect({ binds: countOf('bind', externalID), unbinds: countOf('unbind', externalID) }).toEqual(
      {
        same: { binds: 2, unbinds: 0 },
        fresh: { binds: 1, unbinds: 1 },
        failed: { binds: 1, unbinds: 0 },
      }[end],
    );
    expect(status?.bindingID === externalID).toBe(end !== 'fresh');
    expect(isLive(externalID)).toBe(end === 'same');
    await removeBinding(name);
    expect(isLive(status?.bindingID ?? '')).toBe(false);
  });
});

describe('P04 P05: the user of a request', () => {
  it('is who asked for the binding; nobody asked for orphan mitigation', async () => {
    const externalID = randomUUID();
    const userInfo = { username: 'ada', uid: '1', groups: ['dev'] };
    const match = { operation: 'bind', bindingId: externalID } as const;
    world.broker.script(match, says(500, '{}', true));
    await world.createBinding('asked', 'db', { externalID, userInfo }, madeNow());
    const { status } = await world.binding('asked', isReady, 'is ready');
    await removeBinding('asked');
    const of = (id: string | undefined) =>
      world.broker.requests
        .filter(({ bindingId }) => bindingId === id)
        .map(({ operation, identity }) => [operation, identity?.value]);
    const ada = { ...userInfo, extra: {} };
    expect(of(externalID)).toEqual([
      ['bind', ada],
      ['unbind', undefined],
    ]);
    expect(of(status?.bindingID)).toEqual([
      ['bind', ada],
      ['unbind', ada],
    ]);
  });
});

describe('a bind whose first answer is unknown', () => {
  it('stays on record when the second one refuses it: the deletion unbinds', async () => {
    const externalID = randomUUID();
    const match = { operation: 'bind', bindingId: externalID } as const;
    world.broker.script(match, says(200, '<html>', true));
    world.broker.script(match, says(409, '{}', false));
    await world.createBinding('unknown', 'db', { externalID }, madeNow());
    const failed = await world.binding('unknown', isFailed, 'is failed');
    expect(findCondition(failed.status?.conditions ?? [], 'Failed')?.message).toContain(
      'What the broker has under this id may be older than this object',
    );
    expect(countOf('unbind', externalID)).toBe(0);
    expect(isLive(externalID)).toBe(true);
    await removeBinding('unknown');
    expect(isLive(externalID)).toBe(false);
  });
});

describe('P36: a bind whose first answer is unknown, and the second one', () => {
  it.each([401, 429])('%i, stays on record: the deletion unbinds', async (status) => {
    const externalID = randomUUID();
    const match = { operation: 'bind', bindingId: externalID } as const;
    world.broker.script(match, says(200, '<html>', true));
    world.broker.script(match, says(status, '{}', false), 'always');
    const name = `unknown-${status}`;
    await world.createBinding(name, 'db', { externalID }, madeNow());
    await world.binding(name, (binding) => (binding.status?.attempts ?? 0) > 1, 'is answered twice');
    expect(isLive(externalID)).toBe(true);
    await removeBinding(name);
    expect(isLive(externalID)).toBe(false);
  });
});

const failedUnbinds: readonly (readonly [string, Behaviour])[] = [
  ['200 with an unusable body', says(200, '<html>', false)],
  ['201', says(201, '{}', false)],
  ['202 with an unusable body', says(202, '<html>', false)],
  ['204', says(204, '', false)],
  ['302', redirect],
  ['400', says(400, '{}', false)],
  ['404', says(404, '{}', false)],
  ['408', says(408, '{}', false)],
  ['409', says(409, '{}', false)],
  ['422', says(422, '{}', false)],
  ['P41 422 ConcurrencyError', says(422, error('ConcurrencyError'), false)],
  ['429', says(429, '{}', false)],
  ['500', says(500, '{}', false)],
  ['no end', { kind: 'hang', applies: false }],
];

describe('P56: an unbind that is answered with', () => {
  const cases = failedUnbinds.map(([answer, behaviour], index) => {
    return { answer, behaviour, name: `unbind-${index}`, externalID: randomUUID() };
  });
  const kept = new Map<string, ServiceBinding>();
  beforeAll(async () => {
    await Promise.all(
      cases.map(async ({ behaviour, name, externalID }) => {
        await world.createBinding(name, 'db', { externalID }, madeNow());
        await world.binding(name, isReady, 'is ready');
        const match = { operation: 'unbind', bindingId: externalID } as const;
        const script = world.broker.script(match, behaviour, 'always');
        await world.remove(serviceBindings, name);
        kept.set(name, await world.binding(name, isToldWhy, 'says why it is not gone'));
        script.cancel();
      }),
    );
  }, 60_000);

  it.each(cases)('$answer keeps the binding, says why, and is repeated', async ({ name, externalID }) => {
    const { metadata, status } = kept.get(name) ?? {};
    expect(metadata?.finalizers).toContain(finalizer);
    expect(status).toMatchObject({ bindingID: externalID, externalProperties: expect.anything() as unknown });
    await world.gone(serviceBindings, name);
    expect(countOf('unbind', externalID)).toBeGreaterThan(1);
    expect(isLive(externalID)).toBe(false);
  });

  it.each([
    ['200', says(200, '{}', true)],
    ['200 without a body', says(200, '', true)],
    ['410', says(410, '{}', true)],
    ['410 without a body', says(410, '', true)],
  ])('%s is over', async (_case, behaviour) => {
    const externalID = randomUUID();
    await world.createBinding(externalID, 'db', { externalID });
    await world.binding(externalID, isReady, 'is ready');
    world.broker.script({ operation: 'unbind', bindingId: externalID }, behaviour);
    await removeBinding(externalID);
    expect(countOf('unbind', externalID)).toBe(1);
  });
});

function countOf(operation: 'bind' | 'unbind', id: string): number {
  return world.broker.requestsOf(operation).filter(({ bindingId }) => bindingId === id).length;
}

function isLive(id: string): boolean {
  return world.broker.liveBindings().some((binding) => binding.id === id);
}

function isToldWhy({ status }: ServiceBinding): boolean {
  const doing = findCondition(status?.conditions ?? [], 'Reconciling');
  return doing?.reason === 'UnbindCallFailed' && doing.message.includes('Next attempt at');
}
