import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, open, readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const script = join(import.meta.dirname, 'node.sh');
const startTimeoutMs = 20_000;

export interface NodeCommand {
  /** Names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process inside; it ends with the node at the latest. */
export interface NodeProcess {
  readonly name: string;
  /** Exit code, or 128 + n after signal n. Does not keep this process alive. */
  readonly exited: Promise<number>;
  /** The same, and keeps this process alive until then. */
  readonly finished: () => Promise<number>;
  /** What it said last. */
  readonly lastWords: () => Promise<string>;
  /** SIGTERM to the process. */
  readonly terminate: () => void;
}

/**
 * Namespaces for one node: own processes, mounts, network, cgroups and host name. All that is started in them ends
 * when `stop` is called or when this process ends, in whatever way, and leaves nothing on the machine.
 */
export class NodeNamespaces {
  readonly #directory: string;
  readonly #holder: ChildProcess;
  readonly #firstProcess: number;

  /** @param directory for logs and data; removed at the end */
  static async start(directory: string, cgroup: string): Promise<NodeNamespaces> {
    const log = await open(join(directory, 'namespaces.log'), 'a', 0o600);
    // A group of its own: Ctrl-C in a terminal reaches the whole group of the starter.
    const holder = spawn('/bin/sh', [script, directory, cgroup], {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
    });
    await log.close();
    holder.stdin?.on('error', () => undefined);
    holder.unref();
    if (holder.stdin instanceof Socket) holder.stdin.unref();
    try {
      return new NodeNamespaces(directory, holder, await firstProcess(directory, holder));
    } catch (error: unknown) {
      const words = await readFile(join(directory, 'namespaces.log'), 'utf8').catch(() => '');
      await end(holder);
      throw new Error(`the namespaces of a node could not be made: ${words.trim()}`, { cause: error });
    }
  }

  private constructor(directory: string, holder: ChildProcess, pid: number) {
    this.#directory = directory;
    this.#holder = holder;
    this.#firstProcess = pid;
  }

  /** Starts a command inside, with all that it says in `<directory>/<name>.log`. */
  async run({ name, command, args, env = {} }: NodeCommand): Promise<NodeProcess> {
    const logPath = join(this.#directory, `${name}.log`);
    const log = await open(logPath, 'a', 0o600);
    const entered = ['-t', String(this.#firstProcess), '-m', '-n', '-p', '-C', '-u', '-i', '--'];
    const child = spawn('nsenter', [...entered, command, ...args], {
      detached: true,
      // Nothing of the user's: proxies, Go debug settings and locales would change how it behaves.
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: this.#directory,
        TMPDIR: join(this.#directory, 'tmp'),
        ...env,
      },
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code) => resolve(code ?? 128 + 9));
      child.once('error', () => resolve(127));
    });
    await log.close();
    child.unref();
    const lastWords = async (): Promise<string> =>
      (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-5).join('\n');
    const finished = async (): Promise<number> => {
      child.ref();
      return exited;
    };
    return { name, exited, finished, lastWords, terminate: () => void signalGroup(child, 'SIGTERM') };
  }

  /** Kills everything inside and waits until nothing of it is left. May be called again. */
  async stop(): Promise<void> {
    await end(this.#holder);
  }
}

async function end(holder: ChildProcess): Promise<void> {
  holder.ref();
  const gone =
    holder.exitCode === null && holder.signalCode === null ? once(holder, 'exit') : Promise.resolve();
  // The end of the pipe is the sign; see node.sh.
  holder.stdin?.destroy();
  await gone;
}

/** Process 1 of the node, as this machine numbers it. */
async function firstProcess(directory: string, holder: ChildProcess): Promise<number> {
  const deadline = performance.now() + startTimeoutMs;
  while (!(await exists(join(directory, 'inside.ready')))) {
    if (holder.exitCode !== null) throw new Error(`ended with code ${holder.exitCode}`);
    if (performance.now() > deadline) throw new Error(`not ready after ${startTimeoutMs} ms`);
    await delay(10);
  }
  const unshare = (await readFile(join(directory, 'unshare.pid'), 'utf8')).trim();
  const children = await readFile(`/proc/${unshare}/task/${unshare}/children`, 'utf8');
  return Number(children.trim());
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** nsenter has forked: the command is its child, in the same group. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
  return process.kill(-child.pid, signal);
}
