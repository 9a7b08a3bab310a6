import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../cluster/binary-cache.ts';
import { acquireLock } from '../cluster/build-lock.ts';
import { spawnGuarded } from '../cluster/guarded-process.ts';

const run = promisify(execFile);

/** A program in another language, whose versions the files of its folder pin. */
export interface ForeignProgram {
  /** Path of its folder; its name says what it is. */
  readonly folder: string;
  /** What a machine needs for it: each command has to end well. */
  readonly needs: readonly (readonly [command: string, ...args: string[]])[];
  /** What fetches or builds it into a directory, run in its folder. */
  readonly build: (into: string) => readonly [command: string, ...args: string[]];
}

/** Why it can not be used here; undefined where it can. */
export function reasonToSkip({ folder, needs }: ForeignProgram): string | undefined {
  const missing = needs.find(([command, ...args]) => {
    try {
      execFileSync(command, args, { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return missing && `${basename(folder)} needs: ${missing.join(' ')}`;
}

/**
 * The directory of the program, built once and kept outside of the checkout. Another pin or another source gives another
 * directory; of two who want it at once one builds.
 */
export async function programDirectory({ folder, build }: ForeignProgram): Promise<string> {
  const hash = createHash('sha256').update(build('').join(' '));
  for (const name of (await readdir(folder)).sort()) hash.update(await readFile(join(folder, name)));
  const root = cacheRoot(process.env);
  const platform = `${process.platform}-${process.arch}`;
  const directory = join(root, `reader-${basename(folder)}-${platform}-${hash.digest('hex').slice(0, 12)}`);
  await mkdir(root, { recursive: true });
  const lock = await acquireLock(`${directory}.lock`);
  try {
    if ((await stat(directory).catch(() => undefined)) === undefined) await fill(directory, folder, build);
    return directory;
  } finally {
    lock.release();
  }
}

async function fill(directory: string, cwd: string, build: ForeignProgram['build']): Promise<void> {
  const unfinished = await mkdtemp(`${directory}.unfinished-`);
  const [command, ...args] = build(unfinished);
  const logPath = `${directory}.log`;
  const env = { ...process.env, GOFLAGS: '-mod=readonly' } as Record<string, string>;
  await rm(logPath, { force: true });
  const job = await spawnGuarded({
    command,
    args,
    env,
    cwd,
    logPath,
    orphanedDirectory: unfinished,
  });
  // The guarded child keeps nobody alive; this timer does.
  const awake = setInterval(() => undefined, 60_000);
  const code = await job.exited.finally(() => clearInterval(awake));
  if (code !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new Error(`${command} ended with code ${code}: ${(await readFile(logPath, 'utf8')).slice(-2000)}`);
  }
  await rename(unfinished, directory);
  await rm(logPath, { force: true });
}

/**
 * What the program prints.
 * @param input its standard input
 */
export async function outputOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<string> {
  const running = run(command, args, {
    env: { ...process.env, ...env },
    maxBuffer: 16 * 1024 ** 2,
  });
  // It may end without reading its input.
  running.child.stdin?.on('error', () => undefined).end(input);
  const { stdout } = await running;
  return stdout;
}
