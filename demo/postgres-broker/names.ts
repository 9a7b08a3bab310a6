import { createHash } from 'node:crypto';

/**
 * Names in PostgreSQL for what the platform knows by ids. They are hashes: an id is a string of somebody
 * else's choice, up to any length, and must not end up inside a statement.
 */
export interface InstanceNames {
  readonly database: string;
  /** The role that owns everything in the database; nobody logs in as it. */
  readonly owner: string;
}

export function instanceNames(instanceId: string): InstanceNames {
  const hash = shortHash([instanceId]);
  return { database: `db_${hash}`, owner: `owner_${hash}` };
}

/** The login role of a binding. */
export function bindingRole(instanceId: string, bindingId: string): string {
  return `user_${shortHash([instanceId, bindingId])}`;
}

function shortHash(ids: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 24);
}
