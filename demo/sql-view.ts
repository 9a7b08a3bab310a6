import { Client } from 'pg';
import type { PostgresAccess } from './postgres-broker/postgres-server.ts';

/** What the broker has made in PostgreSQL, by PostgreSQL's own account. */
export interface SqlView {
  readonly databases: readonly string[];
  readonly roles: readonly string[];
}

/** Asks pg_database and pg_roles for everything that was not there from the beginning. */
export async function sqlView(access: PostgresAccess): Promise<SqlView> {
  const { host, port, user, password } = access;
  const client = new Client({
    host,
    port,
    user,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  try {
    await client.connect();
    const names = async (query: string): Promise<readonly string[]> =>
      (await client.query<{ name: string }>(query)).rows.map((row) => row.name);
    return {
      databases: await names(
        `SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1`,
      ),
      roles: await names(
        `SELECT rolname AS name FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' AND rolname <> 'postgres' ORDER BY 1`,
      ),
    };
  } finally {
    await client.end();
  }
}

export function describeSqlView({ databases, roles }: SqlView): string {
  const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  return `pg_database: ${list(databases)}\npg_roles:    ${list(roles)}`;
}
