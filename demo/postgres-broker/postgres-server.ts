import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('postgres-process.ts', import.meta.url));
const startTimeoutMs = 90_000;

/** How to log in as the superuser. */
export interface PostgresAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface PostgresServer extends PostgresAccess {
  /** Process id of the server itself. */
  readonly pid: number;
  /** Everything the server keeps on disk; gone after `stop`. */
  readonly directory: string;
  /** Ends the server and removes its data. May be called twice. */
  stop(): Promise<void>;
}

interface Started {
  readonly port: number;
  readonly password: string;
  readonly pid: number;
  readonly directory: string;
}

/**
 * Starts a throw-away PostgreSQL server on a free loopback port; about one second.
 * It ends with `stop`, and also when this process ends in any way at all (postgres-process.ts).
 * @throws Error with PostgreSQL's last log lines when it does not start
 */
export async function startPostgres(signal: AbortSignal): Promise<PostgresServer> {
  signal.throwIfAborted();
  // Detached: Ctrl-C in a terminal reaches the whole process group, and the order of stopping is ours.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await exited;
  };
  try {
    const started = await firstLine(child, AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]));
    void exited.then(() => (stopping ? undefined : cleanUpAfter(started)));
    return { host: '127.0.0.1', user: 'postgres', ...started, stop };
  } catch (error: unknown) {
    await stop();
    throw error;
  }
}

async function firstLine(child: ChildProcess, signal: AbortSignal): Promise<Started> {
  if (child.stdout === null || child.stderr === null) throw new Error('the process has no output');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-2_000)));
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line', { signal }),
    once(lines, 'close', { signal }).then(() => [undefined]),
  ])) as [string | undefined];
  if (line === undefined) throw new Error(`PostgreSQL does not start: ${errors.trim()}`);
  const message = JSON.parse(line) as Started | { readonly failed: string };
  if ('failed' in message) throw new Error(message.failed);
  return message;
}

/** For the case that the supervising process was killed: the server would run on without it. */
async function cleanUpAfter(started: Started): Promise<void> {
  try {
    process.kill(started.pid, 'SIGQUIT');
  } catch {
    // ended already
  }
  await rm(started.directory, { recursive: true, force: true, maxRetries: 10 }).catch(() => undefined);
}
