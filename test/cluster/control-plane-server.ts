import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';

export interface ServerDeps {
  /** Such as `etcd`; names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The control plane's directory: logs are written here, and it is removed if this process dies. */
  readonly directory: string;
  /** Called with a sentence when the server ends though nobody stopped it. */
  readonly onUnexpectedExit: (message: string) => void;
}

const gracePeriodMs = 10_000;

/** One of the servers of a control plane. May be started again after it was stopped, with the same data and port. */
export class ControlPlaneServer {
  readonly #deps: ServerDeps;
  readonly #logPath: string;
  #process: GuardedProcess | undefined;

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    this.#logPath = join(deps.directory, `${deps.name}.log`);
  }

  /** Resolves when the process exists, which is long before it answers. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error(`${this.#deps.name} runs already`);
    const { directory, command, args } = this.#deps;
    const started = await spawnGuarded({
      command,
      args,
      // Nothing of the user's: proxies, Go debug settings and locales would change how it behaves.
      env: { PATH: '/usr/bin:/bin', HOME: directory, TMPDIR: directory },
      logPath: this.#logPath,
      orphanedDirectory: directory,
    });
    this.#process = started;
    void this.#watch(started);
  }

  /** Rejects when the server ends; never resolves. For races against what the server is expected to do. */
  async failure(): Promise<never> {
    const code = await (this.#process?.exited ?? -1);
    throw new ServerExitError(await this.#describeExit(code), await this.#log());
  }

  /** Resolves when the process is gone. By SIGKILL, or by SIGTERM and ten seconds later SIGKILL. */
  async stop(options: { readonly graceful?: boolean } = {}): Promise<void> {
    const stopped = this.#process;
    if (stopped === undefined) return;
    this.#process = undefined;
    if (options.graceful === true) {
      stopped.terminate();
      const over = new AbortController();
      const grace = delay(gracePeriodMs, undefined, { signal: over.signal }).catch(() => undefined);
      await Promise.race([stopped.exited, grace]);
      over.abort();
    }
    await stopped.kill();
  }

  /** It keeps its connections and answers nobody, until it goes on. */
  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  async #watch(started: GuardedProcess): Promise<void> {
    const code = await started.exited;
    if (this.#process !== started) return;
    this.#process = undefined;
    this.#deps.onUnexpectedExit(await this.#describeExit(code));
  }

  /** What it said last, as the end of a sentence. */
  async lastWords(): Promise<string> {
    return `Its last lines:\n${(await this.#log()).trimEnd().split('\n').slice(-5).join('\n')}`;
  }

  async #describeExit(code: number): Promise<string> {
    return `${this.#deps.name} ended with code ${code}. ${await this.lastWords()}`;
  }

  async #log(): Promise<string> {
    return readFile(this.#logPath, 'utf8').catch(() => '');
  }
}

/** A server ended while it was needed. */
export class ServerExitError extends Error {
  override readonly name = 'ServerExitError';
  readonly code = 'BINDERY_SERVER_EXIT';
  /** Somebody else took a port between our look and the server's. Other ports will do. */
  readonly portTaken: boolean;

  constructor(message: string, log: string) {
    super(message);
    this.portTaken = log.includes('address already in use');
  }
}
