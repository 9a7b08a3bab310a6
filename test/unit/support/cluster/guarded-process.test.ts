import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnGuarded, type GuardedProcess } from '../../../cluster/guarded-process.ts';
import { isAlive } from '../../../support/processes.ts';
import { waitFor } from '../../../support/wait-for.ts';

const env = { PATH: '/usr/bin:/bin' };

describe('a guarded process', () => {
  let directory: string;
  let logPath: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bindery-test-'));
    logPath = join(directory, 'logs/process.log');
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  async function start(script: string): Promise<GuardedProcess> {
    return spawnGuarded({ command: '/bin/sh', args: ['-c', script], env, logPath, cwd: directory });
  }

  it('tells its exit code, and its log has what it wrote', async () => {
    const guarded = await start('echo out; echo complaint >&2; exit 7');
    expect(await guarded.exited).toBe(7);
    expect((await readFile(logPath, 'utf8')).split('\n').slice(0, 2)).toEqual(['out', 'complaint']);
  });

  it('may end gracefully when it is asked to', async () => {
    const guarded = await start('trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await waitFor(async () => (await readFile(logPath, 'utf8')).includes('ready'));
    guarded.terminate();
    expect(await guarded.exited).toBe(3);
    expect(await readFile(logPath, 'utf8')).toContain('bye');
  });

  it('is killed with all it has started', async () => {
    const guarded = await start('trap "" TERM; sleep 600 & echo $! > child; wait');
    const child = await pidIn(join(directory, 'child'));
    await guarded.kill();
    expect(await guarded.exited).toBe(137);
    await waitFor(async () => !(await isAlive(child)));
    // It is over: nothing happens, whoever has its process id now.
    await guarded.kill();
    guarded.terminate();
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'ends with its starter, whose directory goes too: %s',
    async (signal) => {
      const doomed = join(directory, 'doomed');
      await mkdir(doomed);
      const options = {
        command: '/bin/sh',
        args: ['-c', 'sleep 600 & echo $! > child; echo $$ > self; wait'],
        env,
        cwd: directory,
        logPath: join(doomed, 'log'),
        orphanedDirectory: doomed,
      };
      const source = `
      import { spawnGuarded } from ${JSON.stringify(join(import.meta.dirname, '../../../cluster/guarded-process.ts'))};
      await spawnGuarded(${JSON.stringify(options)});
      setInterval(() => undefined, 1000);`;
      const starter = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'ignore' });
      const self = await pidIn(join(directory, 'self'));
      const child = await pidIn(join(directory, 'child'));
      starter.kill(signal);
      await waitFor(async () => !(await isAlive(self)) && !(await isAlive(child)) && !existsSync(doomed));
    },
  );

  it('does not keep its starter waiting', async () => {
    const options = {
      command: '/bin/sh',
      args: ['-c', 'echo $$ > self; exec sleep 600'],
      env,
      logPath,
      cwd: directory,
    };
    const source = `
      import { spawnGuarded } from ${JSON.stringify(join(import.meta.dirname, '../../../cluster/guarded-process.ts'))};
      const guarded = await spawnGuarded(${JSON.stringify(options)});
      process.stdout.write('started');`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'ignore' });
    const code = await new Promise((resolve) => starter.once('exit', resolve));
    expect(code).toBe(0);
    // It may have been ended before it could say who it is.
    const path = join(directory, 'self');
    const self = existsSync(path) ? await readFile(path, 'utf8') : '';
    if (self.endsWith('\n')) await waitFor(async () => !(await isAlive(Number(self))));
  });
});

async function pidIn(path: string): Promise<number> {
  return waitFor(async () => {
    const text = await readFile(path, 'utf8');
    return text.endsWith('\n') ? Number(text) : undefined;
  });
}
