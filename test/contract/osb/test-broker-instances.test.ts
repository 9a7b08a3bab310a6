import { jest } from '@jest/globals';
import {
  bindingPath,
  hints,
  ids,
  incomplete,
  instancePath,
  provision,
  provisionBody,
  withTestBroker,
} from './asks.ts';
import { cachePlan, cacheService, fixedPlan, largePlan, serviceId, smallPlan } from './harness.ts';

jest.setTimeout(20_000);

describe('provisioning', () => {
  it('is 201, the same again 200, another 409', async () => {
    await withTestBroker(async (broker, asks) => {
      expect((await asks('PUT', provision, { body: provisionBody })).status).toBe(201);
      expect((await asks('PUT', provision, { body: provisionBody })).status).toBe(200);
      expect((await asks('PUT', provision, { body: { ...provisionBody, parameters: {} } })).status).toBe(409);
      expect(broker.liveInstances()).toHaveLength(1);
      expect(broker.violations).toEqual([]);
    });
  });

  it.each(['service_id', 'plan_id', 'organization_guid', 'space_guid'])('needs %s', async (field) => {
    await withTestBroker(async (broker, asks) => {
      expect((await asks('PUT', provision, { body: { ...provisionBody, [field]: '' } })).status).toBe(400);
      expect(broker.liveInstances()).toEqual([]);
    });
  });

  it('needs a plan of the catalog', async () => {
    await withTestBroker(async (broker, asks) => {
      expect((await asks('PUT', provision, { body: { ...provisionBody, plan_id: cachePlan } })).status).toBe(
        400,
      );
      expect(broker.violations).toEqual(['P44: provision with a plan that is not in the catalog']);
    });
  });

  it.each([
    [{ ...provisionBody, maintenance_info: { version: '9.9.9' } }, 422, []],
    [{ ...provisionBody, maintenance_info: { version: '1.0.0' } }, 201, []],
    [{ ...provisionBody, plan_id: largePlan, maintenance_info: { version: '1.0.0' } }, 422, ['P46']],
  ])('checks the maintenance version: %#', async (body, status, violations) => {
    await withTestBroker(async (broker, asks) => {
      const answer = await asks('PUT', provision, { body });
      expect(answer.status).toBe(status);
      expect(answer.body['error']).toBe(status === 422 ? 'MaintenanceInfoConflict' : undefined);
      expect(broker.violations.map((text) => text.slice(0, 3))).toEqual(violations);
    });
  });

  it('that is asynchronous needs consent, and is 202 until it is done', async () => {
    await withTestBroker(
      async (broker, asks) => {
        const refused = await asks('PUT', instancePath, { body: provisionBody });
        expect(refused).toMatchObject({ status: 422, body: { error: 'AsyncRequired' } });
        const accepted = await asks('PUT', provision, { body: provisionBody });
        const operation = encodeURIComponent(String(accepted.body['operation']));
        expect(accepted.status).toBe(202);
        expect((await asks('PUT', provision, { body: provisionBody })).status).toBe(202);
        const poll = `${instancePath}/last_operation?${hints}&operation=${operation}`;
        const states = [];
        for (let index = 0; index < 4; index++) states.push((await asks('GET', poll)).body['state']);
        expect(states).toEqual(['in progress', 'in progress', 'succeeded', 'succeeded']);
        expect((await asks('PUT', provision, { body: provisionBody })).status).toBe(200);
        broker.violations.shift();
        expect(broker.violations).toEqual([]);
      },
      { asynchronous: { provision: { polls: 2 } } },
    );
  });

  it('that failed leaves something behind, until it is deleted', async () => {
    await withTestBroker(
      async (broker, asks) => {
        await asks('PUT', provision, { body: provisionBody });
        const poll = await asks('GET', `${instancePath}/last_operation?${hints}&operation=o`);
        expect(poll.body).toEqual({ state: 'failed', description: 'full' });
        expect(broker.liveInstances()).toMatchObject([{ id: 'i-1', ready: false }]);
        expect((await asks('DELETE', `${instancePath}?${hints}&${incomplete}`)).status).toBe(200);
        expect(broker.liveInstances()).toEqual([]);
      },
      { asynchronous: { provision: { polls: 0, result: 'failed', description: 'full', operation: 'o' } } },
    );
  });
});

describe('polling', () => {
  it.each([
    ['operation=x', 400, 'P25'],
    ['plan_id=p&operation=o', 200, 'P27'],
  ])('with %s is noted', async (query, status, violation) => {
    await withTestBroker(
      async (broker, asks) => {
        await asks('PUT', provision, { body: provisionBody });
        const answer = await asks('GET', `${instancePath}/last_operation?${hints}&${query}`);
        expect(answer.status).toBe(status);
        expect(broker.violations.map((text) => text.slice(0, 3))).toEqual([violation]);
      },
      { asynchronous: { provision: { operation: 'o' } } },
    );
  });

  it('of what never was is 404, of what was deleted 410', async () => {
    await withTestBroker(async (_broker, asks) => {
      const poll = `${instancePath}/last_operation?${hints}`;
      expect((await asks('GET', poll)).status).toBe(404);
      await asks('PUT', provision, { body: provisionBody });
      await asks('DELETE', `${instancePath}?${hints}&${incomplete}`);
      expect((await asks('GET', poll)).status).toBe(410);
    });
  });
});

describe('updating', () => {
  it('changes plan, parameters and maintenance version', async () => {
    await withTestBroker(async (broker, asks) => {
      await asks('PUT', provision, { body: { ...provisionBody, plan_id: largePlan } });
      const body = { ...ids, parameters: { a: 1 }, maintenance_info: { version: '1.0.0' } };
      expect((await asks('PATCH', provision, { body })).status).toBe(200);
      expect(broker.liveInstances()).toMatchObject([
        { planId: smallPlan, parameters: { a: 1 }, maintenanceVersion: '1.0.0' },
      ]);
      expect(broker.violations).toEqual([]);
    });
  });

  it.each([
    ['a plan that can not be left', fixedPlan, { plan_id: smallPlan }, 422, 'P47'],
    ['the plan it has', smallPlan, { plan_id: smallPlan }, 200, 'P49'],
    ['organization and space of before', smallPlan, { previous_values: { space_id: 's' } }, 200, 'P57'],
  ])('with %s is noted', async (_name, from, change, status, violation) => {
    await withTestBroker(async (broker, asks) => {
      await asks('PUT', provision, { body: { ...provisionBody, plan_id: from } });
      const answer = await asks('PATCH', provision, { body: { service_id: serviceId, ...change } });
      expect(answer.status).toBe(status);
      expect(broker.violations.map((text) => text.slice(0, 3))).toEqual([violation]);
    });
  });

  it('of the context alone is noted where the service does not want it', async () => {
    await withTestBroker(async (broker, asks) => {
      const cached = { service_id: cacheService, plan_id: cachePlan };
      await asks('PUT', provision, { body: { ...provisionBody, ...cached } });
      await asks('PATCH', provision, {
        body: { service_id: cacheService, context: { platform: 'kubernetes' } },
      });
      expect(broker.violations).toEqual(['P50: context update although the service does not allow it']);
    });
  });

  it('of what is not there is 404', async () => {
    await withTestBroker(async (_broker, asks) => {
      expect((await asks('PATCH', provision, { body: { service_id: serviceId } })).status).toBe(404);
    });
  });

  it('needs the old plan in its polls', async () => {
    await withTestBroker(
      async (broker, asks) => {
        await asks('PUT', provision, { body: provisionBody });
        await asks('PATCH', provision, { body: { service_id: serviceId, plan_id: largePlan } });
        await asks(
          'GET',
          `${instancePath}/last_operation?service_id=${serviceId}&plan_id=${largePlan}&operation=o`,
        );
        expect(broker.violations).toEqual(['P27: poll of update without the plan_id from before it']);
      },
      { asynchronous: { update: { operation: 'o' } } },
    );
  });
});

describe('deleting', () => {
  it('is 200, then 410', async () => {
    await withTestBroker(async (_broker, asks) => {
      await asks('PUT', provision, { body: provisionBody });
      expect((await asks('DELETE', `${instancePath}?${hints}&${incomplete}`)).status).toBe(200);
      expect((await asks('DELETE', `${instancePath}?${hints}&${incomplete}`)).status).toBe(410);
      expect((await asks('DELETE', `${bindingPath}?${hints}`)).status).toBe(410);
    });
  });

  it.each([instancePath, bindingPath])('needs service and plan: %s', async (path) => {
    await withTestBroker(async (_broker, asks) => {
      expect((await asks('DELETE', `${path}?${incomplete}`)).status).toBe(400);
    });
  });

  it('needs that the bindings are gone', async () => {
    await withTestBroker(async (broker, asks) => {
      await asks('PUT', provision, { body: provisionBody });
      await asks('PUT', bindingPath, { body: ids });
      expect((await asks('DELETE', `${instancePath}?${hints}&${incomplete}`)).status).toBe(400);
      expect(broker.violations).toEqual(['P55: instance i-1 deleted before its bindings']);
    });
  });

  it('frees an id that nobody should use again', async () => {
    await withTestBroker(async (broker, asks) => {
      await asks('PUT', provision, { body: provisionBody });
      await asks('DELETE', `${instancePath}?${hints}&${incomplete}`);
      expect((await asks('PUT', provision, { body: provisionBody })).status).toBe(201);
      expect(broker.violations).toEqual(['P40: instance id i-1 used again']);
    });
  });
});
