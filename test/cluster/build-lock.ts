import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

export interface BuildLock {
  release(): void;
}

export interface LockOptions {
  /** Called once, when somebody else holds the lock. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
  readonly pollMs?: number;
}

/** SQLITE_BUSY of sqlite3.h. */
const busy = 5;

/**
 * Waits until this process alone holds the lock of that file.
 *
 * The lock is an open write transaction of an SQLite file, so the kernel holds it in the holder's name and lets
 * go of it when the holder dies, however it dies. A file with a process id in it could not do that: somebody
 * would have to decide that it is stale, and two may decide it at once.
 *
 * @param path a file that is used for nothing else; created with its directory
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<BuildLock> {
  await mkdir(dirname(path), { recursive: true });
  let waiting = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (!waiting) options.onWait?.();
    waiting = true;
    await delay(
      options.pollMs ?? 250,
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
}

function tryLock(path: string): BuildLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error: unknown) {
    database.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}
