/**
 * A program of its own: runs one throw-away PostgreSQL server for as long as its standard input stays open.
 * The end of that pipe is the one thing a parent can not forget to send, not even when it is killed with
 * SIGKILL, so no server and no data directory is left behind. Standard output carries one line of JSON:
 * `{"port", "password", "pid", "directory"}` when the server accepts connections, `{"failed"}` when it never will.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../src/base/logger.ts';
import { freePort } from '../../test/support/free-port.ts';
import { installedBinaries, postgresIdentity, reachableBinaries } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { giveTo, makePrivateDirectory } from './private-directory.ts';

const readyLine = 'database system is ready to accept connections';
const startAttempts = 5;
const startTimeoutMs = 20_000;
const stopTimeoutMs = 5_000;
const initTimeoutMs = 60_000;

/** Speed over safety: the data does not outlive the process anyway. No statement ever reaches the log. */
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'shared_buffers=16MB',
  'max_connections=200',
  'log_statement=none',
  'log_min_error_statement=panic',
];

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const identity = postgresIdentity();
const lifeline = new AbortController();
for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => lifeline.abort());
process.stdin.resume();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => lifeline.abort());
// The reader of our output may be gone before us; the clean-up must go on.
process.stdout.on('error', () => lifeline.abort());

const directory = await makePrivateDirectory('bindery-postgres-', identity);
try {
  await serve(lifeline.signal);
} catch (error: unknown) {
  process.exitCode = 1;
  if (!lifeline.signal.aborted) report({ failed: errorMessage(error) });
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  process.stdin.destroy();
}

async function serve(signal: AbortSignal): Promise<void> {
  const binaries = await reachableBinaries(await installedBinaries(), identity, directory);
  const data = join(directory, 'data');
  const password = randomBytes(24).toString('base64url');
  await initialise(binaries, data, password, signal);
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const port = await freePort();
    const log: string[] = [];
    const server = await start(binaries, data, port, log, signal);
    if (server !== undefined) {
      report({ port, password, pid: server.child.pid, directory });
      await waitForEnd(server, signal);
      return;
    }
    if (attempt === startAttempts) throw new Error(`PostgreSQL does not start: ${log.slice(-5).join(' | ')}`);
  }
}

async function initialise(
  binaries: PostgresBinaries,
  data: string,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(identity, passwordFile);
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const output: string[] = [];
  const { child, exited } = run(
    binaries.initdb,
    [`--pgdata=${data}`, '--no-sync', ...access, ...locale],
    output,
  );
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, initTimeoutMs);
  await exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  await rm(passwordFile, { force: true });
  if (child.exitCode !== 0) throw new Error(`initdb failed: ${output.slice(-5).join(' | ')}`);
}

/** Undefined when the server ended before it was ready: most often somebody took the port. */
async function start(
  binaries: PostgresBinaries,
  data: string,
  port: number,
  log: string[],
  signal: AbortSignal,
): Promise<Running | undefined> {
  const options = settings.flatMap((setting) => ['-c', setting]);
  let ready: () => void = () => undefined;
  const accepts = new Promise<void>((resolve) => (ready = resolve));
  const server = run(binaries.postgres, ['-D', data, '-p', String(port), ...options], log, (line) => {
    if (line.includes(readyLine)) ready();
  });
  const giveUp = (): void => void server.child.kill('SIGQUIT');
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  deadline.addEventListener('abort', giveUp, { once: true });
  const outcome = await Promise.race([
    accepts.then(() => 'ready' as const),
    server.exited.then(() => 'ended' as const),
  ]);
  deadline.removeEventListener('abort', giveUp);
  return outcome === 'ready' ? server : undefined;
}

/** Ends the server when the lifeline ends; throws when the server ended by itself. */
async function waitForEnd(server: Running, signal: AbortSignal): Promise<void> {
  const stop = (): void => {
    server.child.kill('SIGINT'); // "fast": ends sessions, then the server
    setTimeout(() => server.child.kill('SIGQUIT'), stopTimeoutMs).unref();
    setTimeout(() => server.child.kill('SIGKILL'), 2 * stopTimeoutMs).unref();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  await server.exited;
  if (!signal.aborted) throw new Error('PostgreSQL ended by itself');
}

function run(command: string, args: string[], log: string[], onLine?: (line: string) => void): Running {
  const child = spawn(command, args, {
    ...identity,
    cwd: directory,
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const keep = (chunk: Buffer): void => {
    for (const line of chunk.toString('utf8').split('\n').filter(Boolean)) {
      log.push(line);
      onLine?.(line);
    }
    log.splice(0, Math.max(0, log.length - 50));
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      log.push(error.message);
      resolve();
    });
  });
  return { child, exited };
}

function report(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
