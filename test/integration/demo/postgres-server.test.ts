import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { startPostgres } from '../../../demo/postgres-broker/postgres-server.ts';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition();) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A program that starts a server, prints where it is, and does nothing to stop it. */
const carelessProgram = `
  const { startPostgres } = await import(${JSON.stringify(
    new URL('../../../demo/postgres-broker/postgres-server.ts', import.meta.url).href,
  )});
  const { pid, directory } = await startPostgres(new AbortController().signal);
  console.log(JSON.stringify({ pid, directory }));
`;

it('is gone with its data after stop, also when stopped twice', async () => {
  const server = await startPostgres(AbortSignal.timeout(30_000));
  expect(isRunning(server.pid)).toBe(true);
  expect(existsSync(server.directory)).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  expect(isRunning(server.pid)).toBe(false);
  expect(existsSync(server.directory)).toBe(false);
});

it('leaves nothing behind when its parent is killed with SIGKILL', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', carelessProgram], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { pid, directory } = JSON.parse(line.toString()) as { pid: number; directory: string };
  expect(isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the server ends', () => !isRunning(pid));
  await until('the directory goes', () => !existsSync(directory));
});

it('does not start when told to stop before', async () => {
  await expect(startPostgres(AbortSignal.abort(new Error('changed my mind')))).rejects.toThrow(
    'changed my mind',
  );
});
