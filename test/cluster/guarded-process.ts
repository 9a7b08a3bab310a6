import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Receives standard output and standard error; appended to. */
  readonly logPath: string;
  /** Removed, with all that is in it, if this process ends before the command does. */
  readonly orphanedDirectory?: string;
}

/** A child process that ends when this process ends, however this process ends. */
export interface GuardedProcess {
  /** Process group of the command and its guard. */
  readonly groupId: number;
  /** The exit code when the command has ended; 128 + n after signal n. Does not keep this process alive. */
  readonly exited: Promise<number>;
  /** SIGTERM to the command. */
  terminate(): void;
  /** Stops the command where it is, as a machine that hangs does; its guard stays awake. */
  pause(): void;
  /** Lets it go on. */
  resume(): void;
  /** SIGKILL to the command and everything it started; resolves when they are gone. */
  kill(): Promise<void>;
}

const guard = join(import.meta.dirname, 'guard.sh');

/** Starts the command under guard.sh. Neither the child nor its pipe keeps this process alive. */
export async function spawnGuarded(options: GuardedCommand): Promise<GuardedProcess> {
  await mkdir(dirname(options.logPath), { recursive: true });
  const logFile = await open(options.logPath, 'a', 0o600);
  try {
    const child = spawn(
      '/bin/sh',
      [guard, options.orphanedDirectory ?? '', options.command, ...options.args],
      {
        detached: true,
        env: options.env,
        stdio: ['pipe', logFile.fd, logFile.fd],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
    );
    let ended = false;
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code) => {
        ended = true;
        resolve(code ?? 128 + 9);
      });
    });
    await once(child, 'spawn');
    const { pid: groupId, stdin } = child;
    if (groupId === undefined || !(stdin instanceof Socket)) throw new Error('the guard has no pipe');
    // A broken pipe is what remains of a killed guard; `exited` tells it already.
    stdin.on('error', () => undefined);
    child.unref();
    stdin.unref();
    return {
      groupId,
      exited,
      terminate: () => {
        if (!ended) signalUnlessGone(groupId, 'SIGTERM');
      },
      pause: () => {
        if (!ended) signalUnlessGone(groupId, 'SIGTSTP');
      },
      resume: () => {
        if (!ended) signalUnlessGone(groupId, 'SIGCONT');
      },
      kill: async () => {
        if (ended) return;
        signalUnlessGone(groupId, 'SIGUSR2');
        child.ref();
        await exited;
        child.unref();
      },
    };
  } finally {
    await logFile.close();
  }
}

function signalUnlessGone(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
