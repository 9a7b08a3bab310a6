import { jest } from '@jest/globals';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { sampleCatalog } from '../../support/test-broker/sample-catalog.ts';
import {
  bindOf,
  binding,
  expectDone,
  instance,
  never,
  prepare,
  provisionOf,
  withBroker,
  writeNames,
  writes,
} from './harness.ts';

jest.setTimeout(20_000);

const creates = (name: string): boolean => name === 'provision' || name === 'bind';
const says = (status: number, rawBody: string, headers: Record<string, string> = {}): Behaviour => ({
  kind: 'answer',
  status,
  rawBody,
  headers,
});

describe('H04: a body that is no JSON object', () => {
  const bodies = ['', 'OK', '<html></html>', '[]', '"text"', '7', 'null', '{"a":', '{}{}'];
  const cases = writeNames.flatMap((name) => bodies.map((body) => [name, body] as const));

  it.each(cases)(
    '%s with %j is malformed, unless it is only empty where nothing is expected',
    async (name, body) => {
      await withBroker(async ({ broker, client }) => {
        broker.script({}, says(200, body));
        const outcome = await writes[name](client);
        const lenient = body === '' && !creates(name);
        expect(outcome).toMatchObject(
          lenient
            ? { kind: 'done' }
            : { reason: 'MalformedResponse', disposition: 'retry', orphanMitigation: false },
        );
      });
    },
  );
});

describe('H05: a body in disguise', () => {
  it.each([
    ['without a Content-Type', says(200, '{"services":[]}', { 'content-type': '' })],
    ['as plain text', says(200, '{"services":[]}', { 'content-type': 'text/plain' })],
    [
      'in a charset it does not have',
      says(200, '{"services":[]}', { 'content-type': 'application/json; charset=utf-16' }),
    ],
    ['behind a byte-order mark', says(200, '\ufeff{"services":[]}')],
    ['between spaces', says(200, ' \r\n{"services":[]}\n')],
  ])('%s is JSON all the same', async (_name, behaviour) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, behaviour);
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
    });
  });
});

describe('H07: a huge but legal catalog', () => {
  it('of 10,000 plans is accepted', async () => {
    const plans = Array.from({ length: 10_000 }, (_, index) => ({
      id: `p${index}`,
      name: `n${index}`,
      description: 'x'.repeat(500),
    }));
    const [service] = sampleCatalog().services;
    await withBroker(async ({ broker, client }) => {
      broker.setCatalog({ services: [{ ...service!, plans }] });
      const outcome = await client.catalog({}, never);
      expect(outcome.kind === 'catalog' && outcome.catalog.services[0]?.plans.length).toBe(10_000);
    });
  });
});

describe('H09, H10, H35: a catalog', () => {
  it('with something twice is refused as a whole', async () => {
    await withBroker(async ({ broker, client }) => {
      const [service] = sampleCatalog().services;
      broker.setCatalog({ services: [service!, service!] });
      expect(await client.catalog({}, never)).toMatchObject({
        reason: 'BadCatalog',
        message: expect.stringContaining(
          `services[1].id: "${service!.id}" is already at services[0].id`,
        ) as unknown,
        brokerLevel: true,
      });
    });
  });

  it('with one bad item is served without it', async () => {
    await withBroker(async ({ broker, client }) => {
      const { services } = sampleCatalog();
      broker.script({}, { kind: 'answer', body: { services: [...services, { name: 'broken', plans: {} }] } });
      expect(await client.catalog({}, never)).toMatchObject({
        kind: 'catalog',
        catalog: { services: [{ name: 'postgresql' }, { name: 'cache' }] },
        problems: expect.arrayContaining([
          { path: 'services[2].id', name: 'broken', message: 'is not a non-empty string' },
        ]) as unknown,
      });
    });
  });

  it('may be empty, but a malformed one is not an empty one', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.setCatalog({ services: [] });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog', catalog: { services: [] } });
      for (const body of ['{}', '{"services":"none"}', '']) {
        broker.script({}, says(200, body));
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'failed' });
      }
    });
  });

  it('has names of any Unicode, which stay as they are (H36)', async () => {
    const name = '\u202enot-what-it-seems\u0000 ſ 数据库';
    await withBroker(async ({ broker, client }) => {
      const [service] = sampleCatalog().services;
      broker.setCatalog({ services: [{ ...service!, name }] });
      expect(await client.catalog({}, never)).toMatchObject({ catalog: { services: [{ name }] } });
    });
  });
});

describe('H12: the other success status', () => {
  it.each([200, 201])('%d is success of provision and bind', async (status) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status }, 2);
      expect(await client.provision(provisionOf(), never)).toMatchObject({ kind: 'done', status });
      expect(await client.bind(bindOf(), never)).toMatchObject({ kind: 'done', status });
    });
  });

  it.each(['update', 'deprovision', 'unbind'] as const)('201 is no success of %s', async (name) => {
    await withBroker(async (pair) => {
      await prepare(pair);
      pair.broker.script({}, { kind: 'answer', status: 201, body: {} });
      expect(await writes[name](pair.client)).toMatchObject({
        reason: 'UnexpectedStatus',
        orphanMitigation: false,
      });
    });
  });
});

describe('H13, H15: a 202', () => {
  it.each(writeNames)('that %s did not ask for is still to be polled', async (name) => {
    await withBroker(async ({ broker, client }) => {
      if (name !== 'provision') expectDone(await client.provision(provisionOf(), never));
      if (name === 'unbind') expectDone(await client.bind(bindOf(), never));
      broker.script({}, { kind: 'async', unasked: true });
      const unasked = {
        ...writes,
        bind: async () => client.bind(bindOf({ acceptsIncomplete: false }), never),
        unbind: async () => client.unbind({ ...binding, acceptsIncomplete: false }, never),
      };
      expect(await unasked[name](client)).toMatchObject({
        kind: 'accepted',
        operation: expect.any(String) as unknown,
      });
    });
  });

  it('with credentials has none', async () => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 202, body: { operation: 'o', credentials: { a: 'b' } } });
      const outcome = await client.bind(bindOf(), never);
      expect(outcome).toMatchObject({ kind: 'accepted', operation: 'o' });
      expect(JSON.stringify(outcome)).not.toContain('credentials');
    });
  });
});

describe('H16: an operation', () => {
  const cases = writeNames.flatMap((name) =>
    [7, {}, ['o'], true, 'x'.repeat(10_001)].map((operation) => [name, operation] as const),
  );

  it.each(cases)('of %s that is none (%j) makes the answer malformed', async (name, operation) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status: 202, body: { operation }, applies: false });
      expect(await writes[name](client)).toMatchObject({
        reason: 'MalformedResponse',
        disposition: 'retry',
        orphanMitigation: creates(name),
      });
    });
  });
});

describe('H18, H21: a poll', () => {
  it.each([
    '{"state":"Succeeded"}',
    '{"state":"done"}',
    '{"state":null}',
    '{"State":"succeeded"}',
    'succeeded',
  ])('answered with %s is unclear', async (body) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, says(200, body), 2);
      expect(await client.pollInstance(instance, never)).toMatchObject({ kind: 'unclear' });
      expect(await client.pollBinding(binding, never)).toMatchObject({ kind: 'unclear' });
    });
  });

  it.each([
    [404, 'absent'],
    [410, 'gone'],
  ])('answered with %d says so', async (status, kind) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({}, { kind: 'answer', status }, 2);
      expect(await client.pollInstance(instance, never)).toEqual({ kind });
      expect(await client.pollBinding(binding, never)).toEqual({ kind });
    });
  });
});

describe('H20: Retry-After', () => {
  it.each([
    ['7', 7000],
    ['315360000', 86_400_000],
    ['Fri, 20 Nov 2020 10:00:00 GMT', 0],
    ['-5', undefined],
    ['later', undefined],
  ])('%j is %s', async (retryAfter, expected) => {
    await withBroker(async ({ broker, client }) => {
      broker.script({ operation: 'provision' }, { kind: 'async', polls: 9, retryAfter, operation: null });
      await client.provision(provisionOf(), never);
      const outcome = await client.pollInstance(instance, never);
      expect(outcome).toEqual({
        kind: 'in-progress',
        description: 'Working on it.',
        ...(expected === undefined ? {} : { retryAfterMs: expected }),
      });
    });
  });

  it('may be a date to come', async () => {
    await withBroker(async ({ broker, client }) => {
      const retryAfter = new Date(Date.now() + 60_000).toUTCString();
      broker.script({}, { kind: 'answer', status: 503, headers: { 'retry-after': retryAfter } });
      const outcome = await client.provision(provisionOf(), never);
      const wait = outcome.kind === 'failed' ? (outcome.retryAfterMs ?? 0) : 0;
      expect(wait).toBeGreaterThan(50_000);
      expect(wait).toBeLessThanOrEqual(60_000);
    });
  });
});
