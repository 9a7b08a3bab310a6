import { findCondition } from '../../../src/api/conditions.ts';
import type { ServiceBinding } from '../../../src/api/generated/service-binding.ts';
import { serviceBindings } from '../../../src/api/kinds.ts';
import { isReady, ServiceWorld } from '../../support/world/service-world.ts';
import { waitFor } from '../../support/wait-for.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { secretCheckInterval: '500ms' } });
  await world.createInstance('db');
  await world.instance('db', isReady, 'is ready');
}, 90_000);
afterAll(() => world?.stop());
afterEach(() => {
  expect(world.broker.violations).toEqual([]);
  world.broker.forget();
});

const day = 24 * 60 * 60 * 1000;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const reasonOf = ({ status }: ServiceBinding): string | undefined =>
  findCondition(status?.conditions, 'CredentialsExpiring')?.reason;

async function bindWith(name: string, metadata: object): Promise<void> {
  const body = { credentials: { password: `of ${name}` }, metadata };
  world.broker.script({ operation: 'bind' }, { kind: 'answer', status: 201, body });
  await world.createBinding(name, 'db');
}

async function removeBinding(name: string): Promise<void> {
  await world.remove(serviceBindings, name);
  await world.gone(serviceBindings, name);
}

describe('credentials that end', () => {
  it.each([
    ['ExpiringSoon', { expires_at: inMs(3 * day) }],
    ['ExpiringSoon', { expires_at: inMs(90 * day), renew_before: inMs(3 * day) }],
    ['RenewalDue', { expires_at: inMs(90 * day), renew_before: inMs(-day) }],
    ['Expired', { expires_at: inMs(-day) }],
  ])('are told of as %s with %j, and stay as they are', async (reason, metadata) => {
    await bindWith('ends', metadata);
    const told = await world.binding('ends', (each) => reasonOf(each) !== undefined, 'is told of');
    expect(reasonOf(told)).toBe(reason);
    expect(isReady(told)).toBe(true);
    expect(told.status?.conditions?.at(-1)?.type).toBe('Ready');
    expect(await world.secret('ends')).toMatchObject({ password: 'of ends' });
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    expect(world.broker.requestsOf('bind')).toHaveLength(1);
    const uid = told.metadata.uid ?? '';
    await waitFor(async () => {
      const { stdout } = await world.controlPlane.kubectl(['get', 'events', '-A', '-o', 'json']);
      const { items } = JSON.parse(stdout) as {
        items: readonly { reason: string; involvedObject: { uid?: string } }[];
      };
      return items.some((each) => each.involvedObject.uid === uid && each.reason === reason);
    });
    await removeBinding('ends');
  });

  it('are told of when their time has come, without anybody asking', async () => {
    await bindWith('short', { expires_at: inMs(5000) });
    const ended = await world.binding('short', (each) => reasonOf(each) === 'Expired', 'has ended');
    expect(isReady(ended)).toBe(true);
    expect(await world.secret('short')).toMatchObject({ password: 'of short' });
    expect(world.broker.requestsOf('unbind')).toEqual([]);
    await removeBinding('short');
  });

  it('long after today are not told of, and what was told is taken back once it is not true any more', async () => {
    await bindWith('long', { expires_at: inMs(90 * day) });
    const quiet = await world.binding('long', isReady, 'is ready');
    expect(reasonOf(quiet)).toBeUndefined();
    const conditions = quiet.status?.conditions ?? [];
    const wrong = {
      type: 'CredentialsExpiring',
      status: 'True',
      reason: 'Expired',
      message: 'Said by a clock that was wrong',
      lastTransitionTime: '2026-01-02T03:04:05Z',
    };
    const status = { conditions: [wrong, ...conditions] };
    await world.client.patch(
      serviceBindings,
      { namespace: world.namespace, name: 'long' },
      { status },
      { type: 'merge', subresource: 'status' },
    );
    await world.binding('long', (each) => reasonOf(each) === undefined, 'is not told of any more');
    await removeBinding('long');
  });
});
