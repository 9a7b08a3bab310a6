import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireLock } from '../../../cluster/build-lock.ts';

describe('the build lock', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bindery-test-'));
    path = join(directory, 'not/yet/there/build.lock');
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  it('is held by one at a time', async () => {
    const first = await acquireLock(path);
    let waited = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (waited = resolve));
    let gotSecond = false;
    const second = acquireLock(path, { onWait: waited, pollMs: 5 }).finally(() => (gotSecond = true));
    await waiting;
    await expect(acquireLock(path, { pollMs: 5, signal: AbortSignal.timeout(100) })).rejects.toBeDefined();
    expect(gotSecond).toBe(false);
    first.release();
    (await second).release();
    (await acquireLock(path)).release();
  });

  it('is free again when its holder was killed', async () => {
    const source = `
      import { acquireLock } from ${JSON.stringify(join(import.meta.dirname, '../../../cluster/build-lock.ts'))};
      await acquireLock(${JSON.stringify(path)});
      console.log('held');
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(holder.stdout, 'data');
      const killed = (): void => void holder.kill('SIGKILL');
      const lock = await acquireLock(path, { onWait: killed, pollMs: 5 });
      lock.release();
      expect(holder.killed).toBe(true);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('can be given up waiting for', async () => {
    const held = await acquireLock(path);
    const impatient = new AbortController();
    const waiting = acquireLock(path, {
      onWait: () => impatient.abort(),
      signal: impatient.signal,
      pollMs: 5,
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    held.release();
  });
});
