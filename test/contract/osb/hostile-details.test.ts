import { jest } from '@jest/globals';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import {
  bindOf,
  binding,
  expectDone,
  instance,
  largePlan,
  never,
  prepare,
  provisionOf,
  withBroker,
  writes,
} from './harness.ts';

jest.setTimeout(20_000);

const says = (status: number, rawBody: string, headers: Record<string, string> = {}): Behaviour => ({
  kind: 'answer',
  status,
  rawBody,
  headers,
});

describe('H22: a status of another operation', () => {
  it('410 makes no instance and changes none', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 410 }, 3);
      for (const name of ['provision', 'update', 'bind'] as const) {
        expect(await writes[name](client)).toMatchObject({ reason: 'Gone', orphanMitigation: false });
      }
    });
  });

  it('404 deletes nothing', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 404 }, 2);
      for (const name of ['deprovision', 'unbind'] as const) {
        expect(await writes[name](client)).toMatchObject({ reason: 'NotFound', disposition: 'retry' });
      }
    });
  });
});

describe('H24, H25: an update that fails', () => {
  it('with 500 is to be repeated and never mitigated', async () => {
    await withBroker(async (pair) => {
      await prepare(pair);
      const body = { description: 'broken', instance_usable: false, update_repeatable: false };
      pair.broker.script({}, { kind: 'answer', status: 500, body });
      const outcome = await pair.client.update({ ...instance, planId: largePlan }, never);
      expect(outcome).toMatchObject({
        reason: 'ServerError',
        disposition: 'retry',
        orphanMitigation: false,
        instanceUsable: false,
        updateRepeatable: false,
      });
    });
  });

  it('later says so in the poll', async () => {
    await withBroker(async (pair) => {
      await prepare(pair);
      const end = {
        result: 'failed',
        instanceUsable: true,
        updateRepeatable: false,
        description: 'no',
      } as const;
      pair.broker.script({}, { kind: 'async', polls: 0, operation: null, ...end });
      await pair.client.update({ ...instance, planId: largePlan }, never);
      expect(await pair.client.pollInstance({ ...instance, of: 'update' }, never)).toEqual({
        kind: 'failed',
        description: 'no',
        instanceUsable: true,
        updateRepeatable: false,
      });
    });
  });
});

describe('H26: the text of an error', () => {
  it.each([
    ['HTML', '<html><script>alert(1)</script></html>', undefined],
    ['another spelling', '{"Error":"X","Description":"y"}', undefined],
    ['a string', '"just text"', undefined],
    ['numbers', '{"error":1,"description":2}', undefined],
    ['terminal colours', '{"description":"\\u001b[31mred\\u0007"}', 'red'],
  ])('in %s is never more than a text', async (_name, body, description) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(500, body));
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({ reason: 'ServerError', status: 500 });
      expect(outcome.kind === 'failed' && outcome.description).toBe(description);
    });
  });

  it('in megabytes is cut', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 400, body: { description: 'x'.repeat(3 * 1024 * 1024) } });
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({ reason: 'Rejected', disposition: 'terminal' });
      expect(JSON.stringify(outcome).length).toBeLessThan(4096);
    });
  });
});

describe('H30: a broker of another version', () => {
  it("is the operator's business, with its own words", async () => {
    await withBroker(
      async ({ client }) => {
        expect(await client.catalog({}, never)).toMatchObject({
          reason: 'UnsupportedVersion',
          description: 'This broker speaks version 2.99 or later of version 2.',
          brokerLevel: true,
        });
      },
      { broker: { minimumMinor: 99 } },
    );
  });
});

describe('H38, H39, H42: credentials', () => {
  it.each([
    ['an array', '["a"]'],
    ['a text', '"postgresql://"'],
    ['a number', '1.0'],
    ['a flag', 'true'],
  ])('that are %s make a 201 malformed', async (_name, credentials) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(201, `{"credentials":${credentials}}`));
      expect(await client.bind(bindOf(), never)).toMatchObject({
        reason: 'MalformedResponse',
        orphanMitigation: true,
      });
    });
  });

  it.each(['{}', '{"credentials":null}'])('may be missing: %s', async (body) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(201, body));
      expect(expectDone(await client.bind(bindOf(), never))).toEqual({ endpoints: [], warnings: [] });
    });
  });

  it('keep every number as it was written, also when fetched', async () => {
    const credentials =
      '{"n":12345678901234567890,"one":1.0,"huge":1e400,"deep":[{"x":-0.0}],"__proto__":"p"}';
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(201, `{"credentials":${credentials}}`));
      broker.script({}, says(200, `{"credentials":${credentials}}`));
      expect(JSON.stringify(expectDone(await client.bind(bindOf(), never)).credentials)).toBe(credentials);
      expect(JSON.stringify(expectDone(await client.getBinding(binding, never)).credentials)).toBe(
        credentials,
      );
    });
  });

  it('with a key twice have the last one', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(201, '{"credentials":{"a":"1","a":"2"}}'));
      expect(expectDone(await client.bind(bindOf(), never)).credentials).toEqual({ a: '2' });
    });
  });
});

describe('H43: credentials that are shown once', () => {
  it('are missing in the second answer, which is no error', async () => {
    await withBroker(
      async ({ client }) => {
        expectDone(await client.provision(provisionOf(), never));
        expect(expectDone(await client.bind(bindOf(), never)).credentials).toBeDefined();
        expect(expectDone(await client.bind(bindOf(), never)).credentials).toBeUndefined();
        expect(expectDone(await client.getBinding(binding, never)).credentials).toBeUndefined();
      },
      { broker: { credentialsOnce: true } },
    );
  });
});

describe('H45, H47, H48: odd details of a good answer', () => {
  it('are dropped with a warning, and the binding is good', async () => {
    await withBroker(async ({ broker, client }) => {
      const body = {
        credentials: { a: 'b' },
        metadata: { expires_at: 'never', renew_before: '2030-01-01T00:00:00.0Z' },
        endpoints: [
          { host: 'db', ports: ['5432'] },
          { host: 'db', ports: ['99999'] },
        ],
      };
      broker.script({}, { kind: 'answer', status: 201, body });
      expect(expectDone(await client.bind(bindOf(), never))).toEqual({
        credentials: { a: 'b' },
        metadata: { renewBefore: '2030-01-01T00:00:00.000Z' },
        endpoints: [{ host: 'db', ports: ['5432'], protocol: 'tcp' }],
        warnings: [
          'metadata.expires_at is not an ISO 8601 time and was ignored',
          'endpoints[1] has no usable host, ports or protocol and was ignored',
        ],
      });
    });
  });

  it('are dropped from the labels of an instance', async () => {
    await withBroker(async ({ broker, client }) => {
      const metadata = { labels: { team: 'a', size: 3 }, attributes: { x: 1 } };
      broker.script(
        {},
        { kind: 'answer', status: 201, body: { metadata, dashboard_url: 'javascript:alert(1)' } },
      );
      expect(expectDone(await client.provision(provisionOf(), never))).toEqual({
        metadata: { labels: { team: 'a' }, attributes: { x: 1 } },
      });
    });
  });
});

describe('H51: a conflict on a fresh id', () => {
  it('is final, and nothing is deleted', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 409 }, 2);
      const expected = { reason: 'Conflict', disposition: 'terminal', orphanMitigation: false };
      expect(await client.provision(provisionOf(), never)).toMatchObject(expected);
      expect(await client.bind(bindOf(), never)).toMatchObject(expected);
    });
  });
});
