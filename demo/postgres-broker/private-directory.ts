import { spawnSync } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from './postgres-binaries.ts';

/**
 * Makes a temporary directory that belongs to `identity` and that it can reach: $TMPDIR may lie inside a
 * directory that is closed to everybody but us, and then it is made in /tmp.
 */
export async function makePrivateDirectory(prefix: string, identity: Identity): Promise<string> {
  const parents = new Set([tmpdir(), '/tmp', '/var/tmp']);
  for (const parent of parents) {
    const directory = await mkdtemp(join(parent, prefix)).catch(() => undefined);
    if (directory === undefined) continue;
    await giveTo(identity, directory);
    if (isWritableFor(identity, directory)) return directory;
    await rm(directory, { recursive: true, force: true });
  }
  throw new Error(`no place for a temporary directory: tried ${[...parents].join(', ')}`);
}

/** Changes the owner of a file or directory; to nobody else when `identity` is ourselves. */
export async function giveTo(identity: Identity, path: string): Promise<void> {
  if (identity.uid !== undefined) await chown(path, identity.uid, identity.gid ?? identity.uid);
}

function isWritableFor(identity: Identity, directory: string): boolean {
  const test = spawnSync('/bin/sh', ['-c', 'test -x "$1" && test -w "$1"', 'sh', directory], {
    ...identity,
    cwd: '/',
    timeout: 10_000,
  });
  return test.status === 0;
}
