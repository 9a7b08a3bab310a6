import { Client } from 'pg';
import { startPostgresBroker, type PostgresBroker } from '../../../demo/postgres-broker/server.ts';
import { bindingPath, credentialsOf, OsbCalls, type Credentials } from './osb-calls.ts';

let broker: PostgresBroker;
let osb: OsbCalls;

beforeAll(async () => {
  broker = await startPostgresBroker(AbortSignal.timeout(60_000), { asynchronousMs: 200 });
  osb = new OsbCalls(broker);
}, 60_000);

afterAll(async () => {
  await broker.stop();
});

/** Logs in with what an application would use and nothing else. */
async function query(login: { uri: string } | Credentials, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: login.uri, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function asSuperuser(sql: string): Promise<unknown[]> {
  const { host, port, user, password } = broker.postgres;
  return query({ uri: `postgresql://${user}:${password}@${host}:${port}/postgres` }, sql);
}

async function databases(): Promise<unknown[]> {
  return asSuperuser(`SELECT datname FROM pg_database WHERE datname LIKE 'db\\_%' ORDER BY 1`);
}

async function roles(): Promise<unknown[]> {
  return asSuperuser(`SELECT rolname FROM pg_roles WHERE rolname ~ '^(user|owner)_' ORDER BY 1`);
}

describe('an instance of the small plan', () => {
  const instance = 'instance-1';

  it('is a database that a binding can log in to, write to and read from', async () => {
    expect((await osb.provision(instance, 'small')).status).toBe(201);
    const bound = await osb.bind(instance, 'b1', 'small');
    expect(bound.status).toBe(201);
    const login = credentialsOf(bound);
    expect(login).toEqual({
      type: 'postgresql',
      uri: `postgresql://${login.username}:${login.password}@127.0.0.1:${login.port}/${login.database}`,
      host: '127.0.0.1',
      port: broker.postgres.port,
      database: expect.stringMatching(/^db_[0-9a-f]{24}$/),
      username: expect.stringMatching(/^user_[0-9a-f]{24}$/),
      password: expect.stringMatching(/^[\w-]{32}$/),
    });
    await query(login, `CREATE TABLE visits (who text); INSERT INTO visits VALUES ('first')`);
    expect(await query(login, 'SELECT who FROM visits')).toEqual([{ who: 'first' }]);
  });

  it('answers a repeated request with 200 and the same credentials', async () => {
    expect((await osb.provision(instance, 'small')).status).toBe(200);
    const first = await osb.bind(instance, 'b1', 'small');
    const fetched = await osb.call('GET', bindingPath(instance, 'b1'));
    expect(first.status).toBe(200);
    expect(fetched).toEqual({ status: 200, body: first.body });
    expect(await query(credentialsOf(first), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('answers the same id with other attributes with 409', async () => {
    expect((await osb.provision(instance, 'large')).status).toBe(409);
    expect((await osb.provision(instance, 'small', { connectionLimit: 3 })).status).toBe(409);
    expect((await osb.bind(instance, 'b1', 'large')).status).toBe(409);
  });

  it('keeps two bindings independent of each other', async () => {
    const first = credentialsOf(await osb.bind(instance, 'b1', 'small'));
    const second = credentialsOf(await osb.bind(instance, 'b2', 'small'));
    expect(second.username).not.toBe(first.username);
    expect(second.password).not.toBe(first.password);
    const open = new Client({ connectionString: first.uri });
    open.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => open.once('end', resolve));
    await open.connect();

    expect((await osb.unbind(instance, 'b1', 'small')).status).toBe(200);

    await ended;
    await expect(query(first, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await asSuperuser(`SELECT FROM pg_roles WHERE rolname = '${first.username}'`)).toEqual([]);
    expect(await query(second, `INSERT INTO visits VALUES ('second') RETURNING who`)).toEqual([
      { who: 'second' },
    ]);
    expect(await query(second, 'SELECT count(*)::int AS n FROM visits')).toEqual([{ n: 2 }]);
    expect((await osb.unbind(instance, 'b1', 'small')).status).toBe(410);
  });

  it('leaves to the database what a binding has made in its own name', async () => {
    const maker = credentialsOf(await osb.bind(instance, 'maker', 'small'));
    await query(maker, 'SET ROLE NONE; CREATE SCHEMA mine; CREATE TABLE mine.kept AS SELECT 1 AS one');
    expect((await osb.unbind(instance, 'maker', 'small')).status).toBe(200);
    const other = credentialsOf(await osb.bind(instance, 'b2', 'small'));
    expect(await query(other, 'SELECT one FROM mine.kept')).toEqual([{ one: 1 }]);
  });

  it('rotates: the successor works beside its predecessor', async () => {
    const old = credentialsOf(await osb.bind(instance, 'b2', 'small'));
    const rotated = await osb.bind(instance, 'b3', 'small', { predecessor_binding_id: 'b2' });
    expect(rotated.status).toBe(201);
    expect(await query(credentialsOf(rotated), 'SELECT count(*)::int AS n FROM visits')).toEqual([{ n: 2 }]);
    expect(await query(old, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await osb.bind(instance, 'b4', 'small', { predecessor_binding_id: 'none' })).status).toBe(404);
  });

  it('is updated in place', async () => {
    const path = `/v2/service_instances/${instance}`;
    const { body } = await osb.call('GET', path);
    expect(body).toMatchObject({ parameters: {} });
    const change = {
      service_id: body['service_id'],
      parameters: { connectionLimit: 1, extensions: ['citext'] },
    };
    expect((await osb.call('PATCH', path, change)).status).toBe(200);
    const login = credentialsOf(await osb.bind(instance, 'b2', 'small'));
    expect(await query(login, `SELECT 'A'::citext = 'a' AS same`)).toEqual([{ same: true }]);
    const limit = `SELECT datconnlimit FROM pg_database WHERE datname = '${login.database}'`;
    expect(await asSuperuser(limit)).toEqual([{ datconnlimit: 1 }]);
  });

  it('is gone after deprovisioning, with every login', async () => {
    const login = credentialsOf(await osb.bind(instance, 'b2', 'small'));
    expect((await osb.deprovision(instance, 'small')).status).toBe(200);
    expect(await databases()).toEqual([]);
    expect(await roles()).toEqual([]);
    await expect(query(login, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await osb.deprovision(instance, 'small')).status).toBe(410);
    expect((await osb.bind(instance, 'b2', 'small')).status).toBe(404);
  });
});

describe('an instance of the large plan', () => {
  const instance = 'instance-2';

  it('must be asked for asynchronously', async () => {
    const answer = await osb.provision(instance, 'large', undefined, '');
    expect(answer).toMatchObject({ status: 422, body: { error: 'AsyncRequired' } });
  });

  it('is created in the background, blocks other operations meanwhile, and is polled to its end', async () => {
    const accepted = await osb.provision(instance, 'large');
    expect(accepted).toEqual({ status: 202, body: { operation: expect.any(String) } });
    expect(await osb.provision(instance, 'large')).toEqual(accepted);
    for (const early of [await osb.bind(instance, 'b', 'large'), await osb.deprovision(instance, 'large')]) {
      expect(early).toMatchObject({ status: 422, body: { error: 'ConcurrencyError' } });
    }
    const { seen, answer } = await osb.poll(instance, accepted.body['operation']);
    expect(seen[0]).toBe('in progress');
    expect(answer).toMatchObject({ status: 200, body: { state: 'succeeded' } });
    const bound = await osb.bind(instance, 'b', 'large');
    expect(await query(credentialsOf(bound), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is removed in the background; 410 says that it is gone', async () => {
    const accepted = await osb.deprovision(instance, 'large');
    expect(accepted.status).toBe(202);
    const { seen } = await osb.poll(instance, accepted.body['operation']);
    expect(seen[0]).toBe('in progress');
    expect(seen.at(-1)).toBe('HTTP 410');
    expect(await databases()).toEqual([]);
    expect(await roles()).toEqual([]);
  });
});

describe('isolation', () => {
  it('lets a binding into its own database only', async () => {
    await Promise.all([osb.provision('iso-1', 'small'), osb.provision('iso-2', 'small')]);
    const one = credentialsOf(await osb.bind('iso-1', 'b', 'small'));
    const two = credentialsOf(await osb.bind('iso-2', 'b', 'small'));
    for (const database of [two.database, 'postgres', 'template1']) {
      const uri = one.uri.replace(/[^/]*$/, database);
      await expect(query({ uri }, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    }
    for (const sql of [
      `DROP DATABASE ${two.database}`,
      'CREATE ROLE intruder',
      'CREATE DATABASE intruder',
      `SELECT pg_read_file('postgresql.conf')`,
    ]) {
      await expect(query(one, sql)).rejects.toMatchObject({ code: '42501' });
    }
    await Promise.all([osb.deprovision('iso-1', 'small'), osb.deprovision('iso-2', 'small')]);
  });

  it('treats hostile ids as data', async () => {
    const id = `x"; DROP DATABASE postgres; --/../é\u0000'`;
    expect((await osb.provision(id, 'small')).status).toBe(201);
    const login = credentialsOf(await osb.bind(id, id, 'small'));
    expect(await query(login, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await osb.unbind(id, id, 'small')).status).toBe(200);
    expect((await osb.deprovision(id, 'small')).status).toBe(200);
    expect(await databases()).toEqual([]);
  });
});

describe('requests at the same time', () => {
  it('make one database and one login out of twenty equal requests', async () => {
    const provisioned = await Promise.all(
      Array.from({ length: 20 }, async () => osb.provision('busy', 'small')),
    );
    const statuses = provisioned.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(19);
    const bound = await Promise.all(Array.from({ length: 20 }, async () => osb.bind('busy', 'b', 'small')));
    expect(new Set(bound.map((answer) => credentialsOf(answer).password)).size).toBe(1);
    expect(await roles()).toHaveLength(2);
    await osb.deprovision('busy', 'small');
  });

  it('make ten databases side by side', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    const made = await Promise.all(ids.map(async (id) => osb.provision(id, 'small')));
    expect(made.map((answer) => answer.status)).toEqual(ids.map(() => 201));
    const removed = await Promise.all(ids.map(async (id) => osb.deprovision(id, 'small')));
    expect(removed.map((answer) => answer.status)).toEqual(ids.map(() => 200));
    expect(await databases()).toEqual([]);
  });
});

describe('a request that is wrong', () => {
  const path = '/v2/service_instances/bad?accepts_incomplete=true';

  it.each([
    ['without credentials', 401, { authorization: 'Basic bm86bm8=' }],
    ['of another version', 412, { 'x-broker-api-version': '3.0' }],
    ['without a body', 400, {}],
  ])('%s is refused with %i', async (_name, status, headers) => {
    expect((await osb.call('PUT', path, undefined, headers)).status).toBe(status);
  });

  it.each([
    ['an unknown parameter', { colour: 'red' }],
    ['a connection limit of 0', { connectionLimit: 0 }],
    ['an untrusted extension', { extensions: ['file_fdw'] }],
    ['an extension that is SQL', { extensions: ['citext"; DROP DATABASE postgres; --'] }],
    ['a list', []],
  ])('with %s is refused with 400 and leaves nothing behind', async (_name, parameters) => {
    const answer = await osb.provision('bad', 'small', parameters);
    expect(answer).toEqual({ status: 400, body: { description: expect.stringContaining('parameters') } });
    expect((await osb.call('GET', '/v2/service_instances/bad')).status).toBe(404);
  });
});
