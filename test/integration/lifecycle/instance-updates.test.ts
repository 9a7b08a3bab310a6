import { serviceBindings } from '../../../src/api/kinds.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import { isFailed, isReady, readyReason, ServiceWorld } from '../../support/world/service-world.ts';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import type { RecordedRequest } from '../../support/test-broker/recorded-request.ts';
import {
  expectCleanBroker,
  changePlan,
  changeSpec,
  nudge,
  readyInstance,
  removeInstance,
  settled,
} from './instance-actions.ts';

let world: ServiceWorld;
beforeAll(async () => {
  world = await ServiceWorld.start({ flags: { maxPollInterval: '50ms' } });
}, 60_000);
afterAll(() => world.stop());
afterEach(() => expectCleanBroker(world));

const updates = () => world.broker.requestsOf('update');
const bodyOf = (request: RecordedRequest | undefined) =>
  (request?.body ?? {}) as Readonly<Record<string, unknown>>;

describe('an update', () => {
  it('P48 P57 of parameters alone carries no plan, and previous values without organization and space', async () => {
    const before = await readyInstance(world, 'db', { parameters: { size: 1 } });
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await settled(world, 'db');
    expect(updates().length).toBe(1);
    const { context, ...body } = bodyOf(updates()[0]);
    expect(context).toMatchObject({
      platform: 'kubernetes',
      namespace: world.namespace,
      instance_name: 'db',
    });
    expect(body).toEqual({
      service_id: before.status?.externalProperties?.serviceID,
      parameters: { size: 2 },
      previous_values: {
        plan_id: before.status?.externalProperties?.planID,
        maintenance_info: { version: '1.0.0' },
      },
    });
    await removeInstance(world, 'db');
  });

  it('P49 of the plan alone carries no parameters; one of nothing is not sent', async () => {
    await readyInstance(world, 'db', { parameters: { size: 1 } });
    await changePlan(world, 'db', 'large');
    const after = await settled(world, 'db');
    expect(Object.keys(bodyOf(updates()[0])).toSorted()).toEqual([
      'context',
      'plan_id',
      'previous_values',
      'service_id',
    ]);
    expect(bodyOf(updates()[0])['plan_id']).toBe(after.status?.externalProperties?.planID);
    await changeSpec(world, 'db', { parameters: { size: 1 }, parametersFrom: [] });
    await settled(world, 'db');
    expect(updates().length).toBe(1);
    await removeInstance(world, 'db');
  });

  it('P48 that takes all parameters away says so', async () => {
    await readyInstance(world, 'db', { parameters: { size: 1 } });
    await changeSpec(world, 'db', { parameters: null });
    await settled(world, 'db');
    expect(bodyOf(updates()[0])['parameters']).toEqual({});
    await removeInstance(world, 'db');
  });

  it.each<[string, unknown, string]>([
    ['{}', {}, 'kept'],
    ['null', { dashboard_url: null }, 'kept'],
    ['another one', { dashboard_url: 'https://dashboard.example/2' }, 'https://dashboard.example/2'],
  ])('P51 answered with %s keeps the dashboard, or takes the new one', async (_name, body, expected) => {
    const before = await readyInstance(world, 'db');
    expect(before.status?.dashboardURL).toContain('/dashboard/');
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 200, body });
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    const { status } = await settled(world, 'db');
    expect(status?.dashboardURL).toBe(expected === 'kept' ? before.status?.dashboardURL : expected);
    await removeInstance(world, 'db');
  });

  it('P59 H48 replaces what the broker says of the instance; illegal labels are left out', async () => {
    const metadata = {
      labels: { team: 'blue', 'not a label': 'x', 'acme.example/tier': 'gold' },
      attributes: { a: 1 },
    };
    world.broker.script({ operation: 'provision' }, { kind: 'answer', status: 201, body: { metadata } });
    const made = await readyInstance(world, 'db');
    expect(made.status?.labels).toEqual({ team: 'blue', 'acme.example/tier': 'gold' });
    expect(made.metadata.labels).not.toHaveProperty('team');
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    expect((await settled(world, 'db')).status?.labels).toEqual(made.status?.labels);
    const body = { metadata: { labels: { team: 'red' } } };
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 200, body });
    await changeSpec(world, 'db', { parameters: { size: 3 } });
    expect((await settled(world, 'db')).status?.labels).toEqual({ team: 'red' });
    await removeInstance(world, 'db');
  });

  it('whose result nobody knows is undone when the spec is turned back', async () => {
    const before = await readyInstance(world, 'db');
    const lost: Behaviour = { kind: 'answer', status: 200, rawBody: '<html>', applies: true };
    world.broker.script({ operation: 'update' }, lost);
    await changePlan(world, 'db', 'large');
    await world.instance('db', ({ status }) => Boolean(status?.nextAttemptTime), 'is about to try again');
    await changePlan(world, 'db', 'small');
    await settled(world, 'db');
    expect(bodyOf(updates().at(-1))['plan_id']).toBe(before.status?.externalProperties?.planID);
    expect(world.broker.liveInstances()[0]?.planId).toBe(before.status?.externalProperties?.planID);
    await removeInstance(world, 'db');
  });

  it('H24 answered with 5xx keeps what is there, deletes nothing and is tried again', async () => {
    const before = await readyInstance(world, 'db');
    world.broker.script({ operation: 'update' }, { kind: 'answer', status: 500 });
    await changePlan(world, 'db', 'large');
    const retrying = await world.instance(
      'db',
      ({ status }) => Boolean(status?.nextAttemptTime),
      'is tried again',
    );
    expect(isReady(retrying)).toBe(true);
    expect(retrying.status?.externalProperties).toEqual(before.status?.externalProperties);
    const after = await settled(world, 'db');
    expect(after.status?.instanceID).toBe(before.status?.instanceID);
    expect(
      updates()
        .map(bodyOf)
        .map((body) => body['plan_id']),
    ).toEqual(Array(2).fill(after.status?.externalProperties?.planID));
    expect(world.broker.requestsOf('deprovision')).toEqual([]);
    await removeInstance(world, 'db');
  });
});

type Flag = boolean | string | undefined;

function refusal(instance_usable: Flag, update_repeatable: Flag): Behaviour {
  return {
    kind: 'answer',
    status: 422,
    body: { description: 'too small', instance_usable, update_repeatable },
  };
}

function failedOperation(
  instanceUsable: boolean | undefined,
  updateRepeatable: boolean | undefined,
): Behaviour {
  return {
    kind: 'async',
    polls: 0,
    result: 'failed',
    description: 'too small',
    ...(instanceUsable === undefined ? {} : { instanceUsable }),
    ...(updateRepeatable === undefined ? {} : { updateRepeatable }),
  };
}

const flags = [undefined, true, false] as const;
const combinations = flags.flatMap((usable) => flags.map((repeatable) => [usable, repeatable] as const));

const failures: readonly (readonly [string, Flag, Flag, Behaviour])[] = [
  ...combinations.map(([usable, again]) => ['answer', usable, again, refusal(usable, again)] as const),
  ...combinations.map(
    ([usable, again]) => ['operation', usable, again, failedOperation(usable, again)] as const,
  ),
  ['answer (H25)', 'false', 'false', refusal('false', 'false')],
];

describe('an update that fails for good', () => {
  it.each(failures)(
    'P52 P53 P54 in the %s, usable %j, repeatable %j: binds accordingly, same spec not sent again, new one is',
    async (_where, usable, repeatable, behaviour) => {
      await readyInstance(world, 'db');
      world.broker.script({ operation: 'update' }, behaviour);
      await changeSpec(world, 'db', { parameters: { size: 2 } });
      const failed = await world.instance('db', isFailed, 'is failed');
      const isUsable = usable !== false;
      expect(isReady(failed)).toBe(isUsable);
      expect(findCondition(failed.status?.conditions, 'Stalled')?.message).toContain('too small');
      expect(failed.status?.usable).toBe(isUsable);
      expect(failed.status?.updateRepeatable).toBe(typeof repeatable === 'boolean' ? repeatable : undefined);

      await world.createBinding('db', 'db');
      const binding = await world.binding(
        'db',
        (found) => (isUsable ? isReady(found) : readyReason(found) === 'ErrorInstanceNotReady'),
        isUsable ? 'is ready' : 'waits',
      );
      expect(world.broker.requestsOf('bind').length).toBe(isReady(binding) ? 1 : 0);

      await nudge(world, 'db');
      await changeSpec(world, 'db', { parameters: { size: 3 } });
      await settled(world, 'db');
      expect(
        updates()
          .map(bodyOf)
          .map((body) => body['parameters']),
      ).toEqual([{ size: 2 }, { size: 3 }]);
      await world.binding('db', isReady, 'is ready now, if it was not before');
      await world.remove(serviceBindings, 'db');
      await world.gone(serviceBindings, 'db');
      await removeInstance(world, 'db');
    },
  );

  it.each([
    [undefined, 2],
    [true, 2],
    [false, 1],
  ])('P54 with 500 and update_repeatable %j is sent %d times in all', async (update_repeatable, times) => {
    await readyInstance(world, 'db');
    world.broker.script(
      { operation: 'update' },
      { kind: 'answer', status: 500, body: { update_repeatable } },
    );
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await settled(world, 'db');
    expect(updates().length).toBe(times);
    await removeInstance(world, 'db');
  });

  it('P52 that made the instance unusable is repaired by another update, also by one back to what it was', async () => {
    await readyInstance(world, 'db', { parameters: { size: 1 } });
    world.broker.script({ operation: 'update' }, refusal(false, false));
    await changeSpec(world, 'db', { parameters: { size: 2 } });
    await world.instance('db', isFailed, 'is failed');
    await changeSpec(world, 'db', { parameters: { size: 1 } });
    expect(isReady(await settled(world, 'db'))).toBe(true);
    expect(
      updates()
        .map(bodyOf)
        .map((body) => body['parameters']),
    ).toEqual([{ size: 2 }, { size: 1 }]);
    await removeInstance(world, 'db');
  });
});
