import { jest } from '@jest/globals';
import type { Outcome } from '../../../src/osb/outcome-types.ts';
import {
  bindOf,
  binding,
  cachePlan,
  cacheService,
  expectDone,
  instance,
  largePlan,
  never,
  pollToTheEnd,
  provisionOf,
  smallPlan,
  withBroker,
} from './harness.ts';

jest.setTimeout(20_000);

const operationOf = (outcome: Outcome<unknown>): string | undefined =>
  outcome.kind === 'accepted' ? outcome.operation : undefined;

describe('the whole life of an instance', () => {
  it('passes when the broker finishes everything at once', async () => {
    await withBroker(async ({ broker, client }) => {
      const catalog = await client.catalog({}, never);
      expect(catalog).toMatchObject({ kind: 'catalog', problems: [] });
      const made = expectDone(
        await client.provision(provisionOf({ maintenanceInfoVersion: '1.0.0' }), never),
      );
      expect(made.dashboardUrl).toBe(`${broker.url}/dashboard/i-1`);
      expect(expectDone(await client.getInstance(instance, never))).toMatchObject({
        planId: smallPlan,
        maintenanceInfo: { version: '1.0.0' },
      });
      const bound = expectDone(await client.bind(bindOf(), never));
      expect(bound.credentials).toEqual(broker.liveBindings()[0]?.credentials);
      expect(expectDone(await client.getBinding(binding, never)).credentials).toEqual(bound.credentials);
      expectDone(
        await client.update({ ...instance, planId: largePlan, previousValues: { planId: smallPlan } }, never),
      );
      expect(broker.liveInstances()).toMatchObject([{ id: 'i-1', planId: largePlan }]);
      expectDone(await client.unbind({ ...binding, acceptsIncomplete: true }, never));
      expectDone(await client.deprovision(instance, never));
      expect(broker.liveInstances()).toEqual([]);
      expect(broker.liveBindings()).toEqual([]);
      expect(broker.violations).toEqual([]);
    });
  });

  it('passes when the broker does everything asynchronously, with operations that need encoding', async () => {
    const asynchronous = { polls: 2 };
    const all = {
      provision: asynchronous,
      update: asynchronous,
      bind: asynchronous,
      unbind: asynchronous,
      deprovision: { ...asynchronous, result: 'gone' as const },
    };
    await withBroker(
      async ({ broker, client }) => {
        const provisioned = await client.provision(provisionOf(), never);
        const poll = async (operation: string | undefined) =>
          pollToTheEnd(async () => client.pollInstance({ ...instance, operation }, never));
        expect(provisioned.kind).toBe('accepted');
        expect(await poll(operationOf(provisioned))).toMatchObject({ kind: 'succeeded' });
        const updated = await client.update({ ...instance, planId: largePlan }, never);
        // The plan of before the update (P27).
        expect(await poll(operationOf(updated))).toMatchObject({ kind: 'succeeded' });
        const bound = await client.bind(bindOf({ planId: largePlan }), never);
        const ofBinding = { ...binding, planId: largePlan };
        const pollBinding = async (operation: string | undefined) =>
          pollToTheEnd(async () => client.pollBinding({ ...ofBinding, operation }, never));
        expect(await pollBinding(operationOf(bound))).toMatchObject({ kind: 'succeeded' });
        const fetched = expectDone(await client.getBinding(ofBinding, never));
        expect(fetched.credentials).toEqual(broker.liveBindings()[0]?.credentials);
        const unbound = await client.unbind({ ...ofBinding, acceptsIncomplete: true }, never);
        expect(await pollBinding(operationOf(unbound))).toMatchObject({ kind: 'succeeded' });
        const deleted = await client.deprovision({ ...instance, planId: largePlan }, never);
        const last = await pollToTheEnd(async () =>
          client.pollInstance({ ...instance, planId: largePlan, operation: operationOf(deleted) }, never),
        );
        expect(last).toEqual({ kind: 'gone' });
        expect(broker.liveInstances()).toEqual([]);
        expect(broker.violations).toEqual([]);
      },
      { broker: { asynchronous: all } },
    );
  });

  it('passes below a path prefix', async () => {
    await withBroker(
      async ({ broker, client }) => {
        expectDone(await client.provision(provisionOf(), never));
        expect(broker.requests.map(({ path }) => path)).toEqual(['/tenants/blue/v2/service_instances/i-1']);
      },
      { broker: { prefix: '/tenants/blue' } },
    );
  });

  it('may be repeated at every step', async () => {
    await withBroker(async ({ broker, client }) => {
      for (const status of [201, 200]) {
        expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done', status });
      }
      for (const status of [201, 200]) {
        expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done', status });
      }
      for (const status of [200, 410]) {
        expect(await client.unbind({ ...binding, acceptsIncomplete: true }, never)).toMatchObject({
          kind: 'done',
          status,
        });
      }
      for (const status of [200, 410]) {
        expect(await client.deprovision(instance, never)).toMatchObject({ kind: 'done', status });
      }
      expect(broker.violations).toEqual([]);
    });
  });

  it('is told of a conflict and of concurrency', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({ operation: 'provision' }, { kind: 'async', polls: Infinity });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'accepted' });
      expect(await client.provision(provisionOf({ parameters: { other: true } }), never)).toMatchObject({
        reason: 'Conflict',
        disposition: 'terminal',
        orphanMitigation: false,
      });
      for (const outcome of [
        await client.update({ ...instance, planId: largePlan }, never),
        await client.bind(bindOf(), never),
        await client.deprovision(instance, never),
      ]) {
        expect(outcome).toMatchObject({
          reason: 'ConcurrencyError',
          disposition: 'retry',
          orphanMitigation: false,
        });
      }
    });
  });

  it('is told that the maintenance version is another', async () => {
    await withBroker(async ({ client }) => {
      const outcome = await client.provision(provisionOf({ maintenanceInfoVersion: '0.9.0' }), never);
      expect(outcome).toMatchObject({ reason: 'MaintenanceInfoConflict', disposition: 'retry' });
    });
  });

  it('goes on with a rotated binding (P64-P66)', async () => {
    await withBroker(async ({ broker, client }) => {
      const large = { planId: largePlan };
      expectDone(await client.provision(provisionOf(large), never));
      const old = expectDone(await client.bind(bindOf({ ...large, parameters: { role: 'reader' } }), never));
      const rotated = await client.bind(
        bindOf({ ...large, bindingId: 'b-2', predecessorBindingId: 'b-1' }),
        never,
      );
      expect(expectDone(rotated).credentials).not.toEqual(old.credentials);
      expect(broker.liveBindings().map(({ parameters }) => parameters)).toEqual([
        { role: 'reader' },
        { role: 'reader' },
      ]);
      expectDone(await client.unbind({ ...binding, ...large, acceptsIncomplete: true }, never));
      expect(broker.liveBindings()).toMatchObject([{ id: 'b-2', predecessorId: 'b-1' }]);
      expect(broker.violations).toEqual([]);
    });
  });

  it('asks for asynchronous bindings only when told that they can be fetched (C10)', async () => {
    const cached = { serviceId: cacheService, planId: cachePlan };
    await withBroker(
      async ({ broker, client }) => {
        expectDone(await client.provision(provisionOf(cached), never));
        expect(await client.bind(bindOf({ ...cached, acceptsIncomplete: false }), never)).toMatchObject({
          reason: 'AsyncRequired',
          disposition: 'terminal',
        });
        expect(broker.requestsOf('bind')[0]?.query).toEqual({});
      },
      { broker: { asynchronous: { bind: {} } } },
    );
  });
});
