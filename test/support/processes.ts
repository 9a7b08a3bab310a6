import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The living processes that mention the text on their command line, one line each. */
export async function processesMentioning(text: string): Promise<readonly string[]> {
  return (await living()).filter((line) => line.includes(text));
}

/** Whether the process lives. A zombie does not: it is an exit code that its parent has not asked for yet. */
export async function isAlive(pid: number): Promise<boolean> {
  return (await living()).some((line) => line.startsWith(`${pid} `));
}

/** Lines of process id, state and command line. */
async function living(): Promise<readonly string[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,stat=,command='], {
    maxBuffer: 16 * 1024 ** 2,
  });
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\d+ +[^Z]/.test(line));
}
