import { jest } from '@jest/globals';
import type { TestBrokerOptions } from '../../support/test-broker/test-broker.ts';
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
import { cachePlan, cacheService, fixedPlan, largePlan, smallPlan } from './harness.ts';

jest.setTimeout(20_000);

describe('binding', () => {
  const bound = async (test: Parameters<typeof withTestBroker>[0], options: TestBrokerOptions = {}) =>
    withTestBroker(async (broker, asks) => {
      await asks('PUT', provision, { body: provisionBody });
      await test(broker, asks);
    }, options);

  it('is 201 with credentials, the same again 200, another 409', async () => {
    await bound(async (broker, asks) => {
      const first = await asks('PUT', bindingPath, { body: ids });
      expect(first).toMatchObject({ status: 201, body: { credentials: { username: 'app' } } });
      const second = await asks('PUT', bindingPath, { body: ids });
      expect(second).toMatchObject({ status: 200, body: first.body });
      expect((await asks('PUT', bindingPath, { body: { ...ids, parameters: {} } })).status).toBe(409);
      expect((await asks('GET', `${bindingPath}?${hints}`)).body['credentials']).toEqual(
        first.body['credentials'],
      );
      expect(broker.violations).toEqual([]);
    });
  });

  it('plants a secret in each binding that is recognised anywhere', async () => {
    await bound(async (broker, asks) => {
      const { body } = await asks('PUT', bindingPath, { body: ids });
      const password = (body['credentials'] as { password: string }).password;
      expect(broker.secretsIn(`… ${password} …`)).toEqual([password]);
      expect(broker.secretsIn(Buffer.from(password).toString('base64'))).toEqual([password]);
      expect(broker.secretsIn('nothing')).toEqual([]);
    });
  });

  it('shows credentials once, if told', async () => {
    await bound(
      async (_broker, asks) => {
        expect((await asks('PUT', bindingPath, { body: ids })).body).toHaveProperty('credentials');
        expect((await asks('GET', `${bindingPath}?${hints}`)).body).not.toHaveProperty('credentials');
      },
      { credentialsOnce: true },
    );
  });

  it('needs an instance, and a plan that can be bound', async () => {
    await withTestBroker(async (broker, asks) => {
      expect((await asks('PUT', bindingPath, { body: ids })).status).toBe(404);
      await asks('PUT', provision, { body: { ...provisionBody, plan_id: fixedPlan } });
      expect((await asks('PUT', bindingPath, { body: { ...ids, plan_id: fixedPlan } })).status).toBe(400);
      expect(broker.violations).toEqual(['P61: bind although the plan is not bindable']);
    });
  });

  it.each([
    [smallPlan, 'P64: rotation although the plan is not binding_rotatable'],
    [largePlan, 'P65: rotation of a binding that does not exist'],
  ])('as a rotation needs permission and a predecessor: %#', async (planId, violation) => {
    await withTestBroker(async (broker, asks) => {
      const plan = { ...ids, plan_id: planId };
      await asks('PUT', provision, { body: { ...provisionBody, plan_id: planId } });
      expect(
        (await asks('PUT', bindingPath, { body: { ...plan, predecessor_binding_id: 'b-0' } })).status,
      ).toBe(400);
      expect(broker.violations).toEqual([violation]);
    });
  });

  it('waits while the instance is busy', async () => {
    await withTestBroker(
      async (_broker, asks) => {
        await asks('PUT', provision, { body: provisionBody });
        expect((await asks('PUT', bindingPath, { body: ids })).body['error']).toBe('ConcurrencyError');
        const deletion = await asks('DELETE', `${instancePath}?${hints}&${incomplete}`);
        expect(deletion.body['error']).toBe('ConcurrencyError');
      },
      { asynchronous: { provision: { polls: Infinity } } },
    );
  });
});

describe('fetching what can not be fetched', () => {
  it('is noted', async () => {
    await withTestBroker(async (broker, asks) => {
      const cached = { service_id: cacheService, plan_id: cachePlan };
      await asks('PUT', provision, { body: { ...provisionBody, ...cached } });
      await asks('PUT', bindingPath, { body: cached });
      expect((await asks('GET', instancePath)).status).toBe(404);
      expect((await asks('GET', bindingPath)).status).toBe(404);
      expect(broker.violations.map((text) => text.slice(0, 3))).toEqual(['P35', 'P34']);
    });
  });
});
