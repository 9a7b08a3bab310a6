import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral, Pool } from 'pg';
import { bindingRole, instanceNames } from './names.ts';
import type { PostgresAccess } from './postgres-server.ts';

/** What a database is created with. */
export interface DatabaseOptions {
  /** How many sessions may be open at once. */
  readonly connectionLimit: number;
  readonly extensions: readonly string[];
}

/** What an application needs to log in. */
export interface Login {
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

const statementTimeoutMs = 30_000;
const connectTimeoutMs = 5_000;

/**
 * The SQL behind the broker. Each database has an owner role without login; each binding is a login role that
 * is a member of the owner and acts as the owner from its first statement on. So what one binding creates
 * belongs to the database and stays usable for the next, and a login role can always be dropped.
 */
export class Databases {
  readonly #access: PostgresAccess;
  readonly #admin: Pool;

  constructor(access: PostgresAccess) {
    this.#access = access;
    this.#admin = new Pool({ ...this.#connection('postgres'), max: 4 });
    // An idle session that the server ends is not an error of ours: the next statement gets another one.
    this.#admin.on('error', () => undefined);
  }

  /** Closes the system databases to everybody but the superuser. Once, before anything else. */
  async prepare(): Promise<void> {
    await this.#run(
      'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC',
      'REVOKE CONNECT ON DATABASE template1 FROM PUBLIC',
    );
  }

  /** Creates the database. What an interrupted attempt left behind is removed first. */
  async create(instanceId: string, options: DatabaseOptions): Promise<void> {
    await this.drop(instanceId);
    const names = instanceNames(instanceId);
    const database = escapeIdentifier(names.database);
    const owner = escapeIdentifier(names.owner);
    await this.#run(
      `CREATE ROLE ${owner} NOLOGIN`,
      `CREATE DATABASE ${database}`,
      `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
      // Not the ownership of the database itself: its limits are the broker's to set.
      `GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${database} TO ${owner}`,
      `COMMENT ON DATABASE ${database} IS ${escapeLiteral(`service instance ${printable(instanceId)}`)}`,
    );
    await this.#runIn(names.database, [`ALTER SCHEMA public OWNER TO ${owner}`]);
    await this.configure(instanceId, options);
  }

  /** Applies changed options; extensions are only ever added. */
  async configure(instanceId: string, options: DatabaseOptions): Promise<void> {
    const { database } = instanceNames(instanceId);
    await this.#run(
      `ALTER DATABASE ${escapeIdentifier(database)} CONNECTION LIMIT ${Math.trunc(options.connectionLimit)}`,
    );
    if (options.extensions.length === 0) return;
    const statements = options.extensions.map(
      (name) => `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)} SCHEMA public CASCADE`,
    );
    await this.#runIn(database, statements);
  }

  /** Ends all sessions and removes the database. Nothing to remove is fine. */
  async drop(instanceId: string): Promise<void> {
    const names = instanceNames(instanceId);
    await this.#run(
      `DROP DATABASE IF EXISTS ${escapeIdentifier(names.database)} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${escapeIdentifier(names.owner)}`,
    );
  }

  /** Makes a login role for this database alone, with a password nobody has seen before. */
  async createLogin(instanceId: string, bindingId: string): Promise<Login> {
    await this.dropLogin(instanceId, bindingId);
    const names = instanceNames(instanceId);
    const username = bindingRole(instanceId, bindingId);
    const password = randomBytes(24).toString('base64url');
    const role = escapeIdentifier(username);
    const owner = escapeIdentifier(names.owner);
    await this.#run(
      `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${escapeLiteral(password)}`,
      `GRANT ${owner} TO ${role} WITH INHERIT TRUE, SET TRUE`,
      `ALTER ROLE ${role} IN DATABASE ${escapeIdentifier(names.database)} SET role TO ${owner}`,
    );
    return { database: names.database, username, password };
  }

  /** Locks the role out, ends its sessions, hands what it owns to the database's owner, and drops it. */
  async dropLogin(instanceId: string, bindingId: string): Promise<void> {
    const { database, owner } = instanceNames(instanceId);
    const username = bindingRole(instanceId, bindingId);
    const role = escapeIdentifier(username);
    if (!(await this.#exists('SELECT FROM pg_roles WHERE rolname = $1', username))) return;
    await this.#run(`ALTER ROLE ${role} NOLOGIN`);
    await this.#admin.query(
      'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1',
      [username],
    );
    if (await this.#exists('SELECT FROM pg_database WHERE datname = $1', database)) {
      await this.#runIn(database, [
        `REASSIGN OWNED BY ${role} TO ${escapeIdentifier(owner)}`,
        `DROP OWNED BY ${role}`,
      ]);
    }
    await this.#run(`DROP ROLE ${role}`);
  }

  async close(): Promise<void> {
    await this.#admin.end();
  }

  #connection(database: string): ConstructorParameters<typeof Client>[0] & object {
    const { host, port, user, password } = this.#access;
    return {
      host,
      port,
      user,
      password,
      database,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 1_000,
    };
  }

  async #run(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.#admin.query(statement);
  }

  /** Statements that only work inside of the database they are about. */
  async #runIn(database: string, statements: readonly string[]): Promise<void> {
    const client = new Client(this.#connection(database));
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async #exists(query: string, name: string): Promise<boolean> {
    return ((await this.#admin.query(query, [name])).rowCount ?? 0) > 0;
  }
}

/** An id as it may stand in a comment: cut, and without characters that a terminal would act upon. */
function printable(id: string): string {
  return id.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
