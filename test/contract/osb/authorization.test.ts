import { jest } from '@jest/globals';
import type { Behaviour } from '../../support/test-broker/behaviour.ts';
import { TokenServer } from '../../support/test-broker/token-server.ts';
import { clientOf, never, provisionOf, withBroker } from './harness.ts';

jest.setTimeout(20_000);

const basicOf = (header: string | undefined): string =>
  Buffer.from((header ?? '').replace('Basic ', ''), 'base64').toString();

describe('Basic credentials (P02)', () => {
  it.each([
    ['user', 'simple-enough'],
    ['user', 'with:colons:inside'],
    ['größe', 'пароль 🔑 ü'],
    ['', 'only a password'],
  ])('%j and %j arrive byte-exact', async (username, password) => {
    await withBroker(
      async ({ broker, client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
        expect(basicOf(broker.requests[0]?.headers['authorization'])).toBe(`${username}:${password}`);
      },
      { broker: { auth: { kind: 'basic', username, password } } },
    );
  });

  it('may stand in the URL', async () => {
    await withBroker(
      async ({ broker }) => {
        const client = clientOf(broker, {
          url: broker.url.replace('://', '://us%40er:p%3Aw@'),
          auth: undefined,
        });
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
        await client.close();
      },
      { broker: { auth: { kind: 'basic', username: 'us@er', password: 'p:w' } } },
    );
  });

  it("that are wrong are the operator's business (H29)", async () => {
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, {
        auth: { kind: 'basic', username: 'broker', password: 'not-this-one' },
      });
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({
        reason: 'Unauthorized',
        disposition: 'retry',
        orphanMitigation: false,
        brokerLevel: true,
      });
      expect(JSON.stringify(outcome)).not.toContain('not-this-one');
      expect(broker.requests).toHaveLength(1);
      await client.close();
    });
  });

  it('are not repeated when the broker echoes them', async () => {
    await withBroker(
      async ({ broker, client }) => {
        const header = `Basic ${Buffer.from('broker:open-sesame').toString('base64')}`;
        const description = `got ${header}, which is open-sesame`;
        broker.script({}, { kind: 'answer', status: 400, body: { error: 'open-sesame', description } });
        const outcome = await client.provision(provisionOf(), never);
        expect(outcome).toMatchObject({ description: 'got Basic ***, which is ***', error: '***' });
        expect(JSON.stringify(outcome)).not.toMatch(/open-sesame|YnJva2Vy/);
      },
      { broker: { auth: { kind: 'basic', username: 'broker', password: 'open-sesame' } } },
    );
  });

  it('are not needed by every broker', async () => {
    await withBroker(
      async ({ broker, client }) => {
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
        expect(broker.requests[0]?.headers).not.toHaveProperty('authorization');
      },
      { broker: { auth: { kind: 'none' } } },
    );
  });
});

describe('a login that was read from a file with a newline at its end', () => {
  it.each(['\n', '\r\n'])('is sent without that newline (%j)', async (newline) => {
    const basic = { kind: 'basic', username: 'platform', password: 'pass word ' } as const;
    const bearer = { kind: 'bearer', token: 'abc.def' } as const;
    const written = [
      { ...basic, username: `platform${newline}`, password: `pass word ${newline}` },
      { ...bearer, token: `abc.def${newline}` },
    ];
    for (const [index, auth] of [basic, bearer].entries()) {
      await withBroker(
        async ({ broker }) => {
          const client = clientOf(broker, { auth: written[index] });
          expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
          await client.close();
        },
        { broker: { auth } },
      );
    }
  });

  it('keeps another newline, which may be part of a password', async () => {
    await withBroker(
      async ({ broker }) => {
        const auth = { kind: 'basic', username: 'platform', password: 'pass\n\n' } as const;
        const client = clientOf(broker, { auth });
        expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
        await client.close();
      },
      { broker: { auth: { kind: 'basic', username: 'platform', password: 'pass\n' } } },
    );
  });
});

describe('a bearer token', () => {
  it('that no header can hold is never sent', async () => {
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { auth: { kind: 'bearer', token: 'abc\ndef' } });
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({ reason: 'InvalidRequest', orphanMitigation: false });
      expect(JSON.stringify(outcome)).not.toContain('abc');
      expect(broker.requests).toEqual([]);
      await client.close();
    });
  });
});

describe('OAuth2 client credentials', () => {
  const auth = (tokens: TokenServer) => ({
    kind: 'oauth2' as const,
    tokenUrl: tokens.url,
    // With what `echo` leaves, which is not sent.
    clientId: 'id/ü\n',
    clientSecret: 'se:cret+\n',
    scopes: ['broker.read', 'broker.write'],
  });
  const open = { broker: { auth: { kind: 'none' as const } } };
  const bearer = (token: string) => ({ broker: { auth: { kind: 'bearer' as const, token } } });

  it('become a token, fetched once for many requests', async () => {
    await using tokens = await TokenServer.start();
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { auth: auth(tokens) });
      const outcomes = await Promise.all(Array.from({ length: 10 }, async () => client.catalog({}, never)));
      expect(outcomes.every(({ kind }) => kind === 'catalog')).toBe(true);
      expect(tokens.requests).toHaveLength(1);
      expect(tokens.requests[0]?.form).toEqual({
        grant_type: 'client_credentials',
        scope: 'broker.read broker.write',
      });
      expect(basicOf(tokens.requests[0]?.authorization)).toBe('id%2F%C3%BC:se%3Acret%2B');
      await client.close();
    }, bearer('token-1'));
  });

  it('are asked again shortly before the token expires', async () => {
    await using tokens = await TokenServer.start();
    tokens.expiresIn = 100;
    let nowMs = 0;
    await withBroker(
      async ({ broker }) => {
        const client = clientOf(broker, { auth: auth(tokens), stopwatch: { elapsedMs: () => nowMs } });
        await client.catalog({}, never);
        nowMs = 89_000;
        await client.catalog({}, never);
        expect(tokens.requests).toHaveLength(1);
        nowMs = 91_000;
        await client.catalog({}, never);
        expect(tokens.requests).toHaveLength(2);
        await client.close();
      },
      { broker: { auth: { kind: 'none' } } },
    );
  });

  it('are asked again once when the broker refuses the token', async () => {
    await using tokens = await TokenServer.start();
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { auth: auth(tokens) });
      expect(await client.catalog({}, never)).toMatchObject({ kind: 'catalog' });
      expect(broker.requests.map(({ headers }) => headers['authorization'])).toEqual([
        'Bearer token-1',
        'Bearer token-2',
      ]);
      await client.close();
    }, bearer('token-2'));
  });

  it.each<[string, Behaviour | undefined, object]>([
    ['is refused', { kind: 'answer', status: 409 }, { reason: 'Conflict', resent: true }],
    ['is accepted', { kind: 'async' }, { kind: 'accepted', resent: true }],
    ['finds nobody', { kind: 'vanish' }, { sent: true }],
    ['has no token', undefined, { reason: 'TokenFailure', sent: true }],
  ])(
    'are asked again after a try whose connection died, which may have been carried out: the last %s',
    async (_name, last, expected) => {
      await using tokens = await TokenServer.start();
      await withBroker(async ({ broker }) => {
        // One connection for everything, so that it is surely used again.
        const client = clientOf(broker, { auth: auth(tokens), limiter: { maxConcurrent: 1 } });
        await client.catalog({}, never);
        if (last === undefined) tokens.answer = { status: 503, body: '' };
        broker.script({ operation: 'provision' }, { kind: 'reset', applies: false });
        broker.script({ operation: 'provision' }, { kind: 'answer', status: 401 });
        if (last !== undefined) broker.script({ operation: 'provision' }, last);
        expect(await client.provision(provisionOf(), never)).toMatchObject(expected);
        await client.close();
      }, open);
    },
  );

  it('that do not help end as unauthorized', async () => {
    await using tokens = await TokenServer.start();
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { auth: auth(tokens) });
      expect(await client.provision(provisionOf(), never)).toMatchObject({ reason: 'Unauthorized' });
      expect(broker.requests).toHaveLength(2);
      await client.close();
    }, bearer('another'));
  });

  it.each([
    [401, '{"error":"invalid_client"}'],
    [200, '{}'],
    [200, 'se:cret+'],
    [302, ''],
  ])('that bring no token (%d %s) send nothing to the broker', async (status, body) => {
    await using tokens = await TokenServer.start();
    tokens.answer = { status, body };
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, { auth: auth(tokens) });
      const outcome = await client.provision(provisionOf(), never);
      expect(outcome).toMatchObject({ reason: 'TokenFailure', orphanMitigation: false, brokerLevel: true });
      expect(JSON.stringify(outcome)).not.toContain('se:cret');
      expect(broker.requests).toEqual([]);
      await client.close();
    });
  });

  it('are kept away from addresses that are refused', async () => {
    await using tokens = await TokenServer.start();
    await withBroker(async ({ broker }) => {
      const client = clientOf(broker, {
        auth: { ...auth(tokens), tokenUrl: 'http://169.254.169.254/latest/api/token' },
      });
      expect(await client.catalog({}, never)).toMatchObject({ reason: 'TokenFailure' });
      await client.close();
    });
  });
});
