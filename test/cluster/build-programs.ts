import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isExecutable } from './binary-cache.ts';
import { acquireLock } from './build-lock.ts';
import { goEnvironment } from './go-toolchain.ts';
import { spawnGuarded } from './guarded-process.ts';

export interface Program {
  readonly name: string;
  /** Such as `k8s.io/kubernetes/cmd/kubectl`. */
  readonly package: string;
  /** Such as `v1.36.3`; for the progress lines. */
  readonly version: string;
  /** How long two cores need for it in this build, if Go's build cache was empty at the beginning. */
  readonly estimateSeconds: number;
}

export interface BuildOptions {
  readonly programs: readonly Program[];
  /** Directory of go.mod and go.sum. */
  readonly moduleDirectory: string;
  /** Where the finished programs go. */
  readonly into: string;
  readonly ldflags: string;
  /** More arguments of `go build`, such as `-tags=…`. */
  readonly goArgs?: readonly string[];
  /** Over goEnvironment(), for what needs a C compiler. */
  readonly goEnv?: Readonly<Record<string, string>>;
  /** The `go` to call. */
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Time between progress lines, 15 s by default. */
  readonly progressMs?: number;
}

const unfinished = '.unfinished-';

/**
 * Builds the programs that are not there yet, one after the other, and lets only one process at a time do it.
 * A program appears under its name when it is complete, so a build that was interrupted goes on where it was.
 */
export async function buildPrograms(options: BuildOptions): Promise<void> {
  const lock = await acquireLock(join(options.into, 'build.lock'), {
    onWait: () => options.log(`Waiting for another process that builds in ${options.into}`),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    await removeLeftovers(options.into);
    const missing: Program[] = [];
    for (const program of options.programs) {
      if (!(await isExecutable(join(options.into, program.name)))) missing.push(program);
    }
    if (missing.length === 0) return;
    announce(missing, options);
    for (const [index, program] of missing.entries()) {
      await buildOne(program, `${index + 1} of ${missing.length}`, options);
    }
  } finally {
    lock.release();
  }
}

/** Nobody else builds while we hold the lock: what is unfinished belongs to a build that was killed. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.includes(unfinished)) await rm(join(directory, name), { force: true });
  }
}

function announce(missing: readonly Program[], options: BuildOptions): void {
  const names = missing.map((program) => `${program.name} ${program.version}`).join(', ');
  const seconds = missing.reduce((sum, program) => sum + estimate(program), 0);
  options.log(
    `Building ${names} with Go into ${options.into}. This is done once; ` +
      `with an empty Go build cache it takes about ${duration(seconds)} on this machine.`,
  );
}

async function buildOne(program: Program, position: string, options: BuildOptions): Promise<void> {
  const temporary = join(options.into, `${program.name}${unfinished}${process.pid}`);
  const logPath = join(options.into, `${program.name}.build.log`);
  await rm(logPath, { force: true });
  const startedAt = performance.now();
  const elapsedSeconds = (): number => (performance.now() - startedAt) / 1000;
  const build = await spawnGuarded({
    command: options.go,
    args: [
      'build',
      '-v',
      ...(options.goArgs ?? []),
      '-ldflags',
      options.ldflags,
      '-o',
      temporary,
      program.package,
    ],
    cwd: options.moduleDirectory,
    env: { ...goEnvironment(options.env), ...options.goEnv },
    logPath,
  });
  const title = `  ${position}: ${program.name} ${program.version}`;
  const finished = new AbortController();
  const abort = (): void => void build.kill();
  options.signal?.addEventListener('abort', abort, { once: true });
  const progress = reportProgress(finished.signal, options.progressMs ?? 15_000, async () => {
    const packages = (await buildOutput(logPath)).packages;
    options.log(`${title}, ${packages} packages compiled, ${ofAbout(elapsedSeconds(), estimate(program))}`);
  });
  const code = await build.exited;
  options.signal?.removeEventListener('abort', abort);
  finished.abort();
  await progress;
  options.signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(
      `go build of ${program.package} ended with code ${code}: ${(await buildOutput(logPath)).complaints}\n` +
        `(the whole output is in ${logPath})`,
    );
  }
  await rename(temporary, join(options.into, program.name));
  const { size } = await stat(join(options.into, program.name));
  options.log(`${title}, done after ${duration(elapsedSeconds())}, ${Math.round(size / 1024 ** 2)} MiB`);
  await rm(logPath, { force: true });
}

async function reportProgress(
  finished: AbortSignal,
  progressMs: number,
  report: () => Promise<void>,
): Promise<void> {
  for (;;) {
    // This timer keeps the process alive, which the guarded child does not.
    await delay(progressMs, undefined, { signal: finished }).catch(() => undefined);
    if (finished.aborted) return;
    await report();
  }
}

/** `go build -v` names each package that it compiles on a line of its own; the rest is downloads and complaints. */
async function buildOutput(logPath: string): Promise<{ packages: number; complaints: string }> {
  const lines = (await readFile(logPath, 'utf8')).split('\n').filter((line) => line !== '');
  const other = lines.filter((line) => !/^[\w./~-]+$/.test(line));
  return { packages: lines.length - other.length, complaints: other.slice(-20).join('\n') };
}

function estimate(program: Program): number {
  // Beyond eight cores the linker and the longest chain of packages decide.
  return (program.estimateSeconds * 2) / Math.min(8, Math.max(1, availableParallelism()));
}

function ofAbout(elapsedSeconds: number, estimateSeconds: number): string {
  return elapsedSeconds < estimateSeconds
    ? `${duration(elapsedSeconds)} of about ${duration(estimateSeconds)}`
    : `${duration(elapsedSeconds)}, longer than the estimate of ${duration(estimateSeconds)}`;
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
