import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnGuarded, type GuardedCommand, type GuardedProcess } from '../test/cluster/guarded-process.ts';
import { freePorts } from '../test/support/free-port.ts';

const sources = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const startAttempts = 3;
const logName = 'bindery.log';

export interface BinderyOptions {
  readonly kubeconfig: string;
  readonly signal: AbortSignal;
  /** @default src/main.ts */
  readonly program?: string;
  /** Flags of Node. */
  readonly nodeFlags?: readonly string[];
  /** On top of the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** `controller` and `webhook` are for a cluster in which Bindery is installed already. @default 'run' */
  readonly role?: 'run' | 'controller' | 'webhook';
  /** More flags of the role. */
  readonly args?: readonly string[];
}

/**
 * `bindery run`, or one role alone, as a child process: what is shown and measured is the product as people run it.
 * It ends with this process, however this process ends.
 */
export class BinderyProcess {
  /** Base URL of its /metrics, /livez and /readyz. */
  readonly adminUrl: string;
  readonly #launch: GuardedCommand;
  readonly #directory: string;
  #process: GuardedProcess;
  #exitCode: number | undefined;

  private constructor(process: GuardedProcess, launch: GuardedCommand, directory: string, adminUrl: string) {
    this.#launch = launch;
    this.#directory = directory;
    this.adminUrl = adminUrl;
    this.#process = this.#follow(process);
  }

  /**
   * Starts it on free loopback ports and waits until it is ready: kinds and webhooks installed, caches filled.
   * @throws Error with its last log lines when it ends or is not ready in a minute
   */
  static async start(options: BinderyOptions): Promise<BinderyProcess> {
    for (let attempt = 1; ; attempt++) {
      const started = await BinderyProcess.#spawn(options);
      try {
        await started.#ready(options.signal);
        return started;
      } catch (error: unknown) {
        const log = await started.logTail(20);
        await started.stop();
        options.signal.throwIfAborted();
        const portTaken = log.some((line) => line.includes('EADDRINUSE'));
        if (!portTaken || attempt === startAttempts) {
          throw new Error(`bindery ${options.role ?? 'run'}: ${String(error)}\n${log.join('\n')}`, {
            cause: error,
          });
        }
      }
    }
  }

  static async #spawn(options: BinderyOptions): Promise<BinderyProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'bindery-run-'));
    const [webhookPort = 0, adminPort = 0] = await freePorts(2);
    const { program = sources, nodeFlags = [], role = 'run', args = [] } = options;
    const admin = `127.0.0.1:${adminPort}`;
    const launch = {
      command: process.execPath,
      args: [
        ...nodeFlags,
        program,
        role,
        `--kubeconfig=${options.kubeconfig}`,
        `--admin-listen=${admin}`,
        ...flagsOf(role, `127.0.0.1:${webhookPort}`),
        ...args,
      ],
      env: { ...environment(), ...options.env },
      logPath: join(directory, logName),
      orphanedDirectory: directory,
    };
    return new BinderyProcess(await spawnGuarded(launch), launch, directory, `http://${admin}`);
  }

  /** Its process group. */
  get groupId(): number {
    return this.#process.groupId;
  }

  /** Undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Until it is stopped. */
  get logPath(): string {
    return join(this.#directory, logName);
  }

  /** Everything that it wrote, until it is stopped. */
  async log(): Promise<string> {
    return readFile(this.logPath, 'utf8').catch(() => '');
  }

  /** The last lines that it wrote. */
  async logTail(count: number): Promise<readonly string[]> {
    return (await this.log()).trimEnd().split('\n').slice(-count);
  }

  /** What it serves at /metrics. Rejects when it has ended. */
  async metrics(): Promise<string> {
    const answer = await fetch(`${this.adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return answer.text();
  }

  /** SIGKILL: it gets no chance to tidy up. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** SIGSTOP: it keeps its connections and does nothing, like a machine that hangs. */
  pause(): void {
    this.#process.pause();
  }

  /** SIGCONT. */
  resume(): void {
    this.#process.resume();
  }

  /** The status of a probe, 0 when there is no answer. */
  async probe(path: '/livez' | '/readyz'): Promise<number> {
    const answer = await fetch(`${this.adminUrl}${path}`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    return answer?.status ?? 0;
  }

  /** SIGKILL, and the same once more, with the same ports and log. Nothing is done when it has ended already. */
  async restart(signal: AbortSignal): Promise<void> {
    if (this.#exitCode !== undefined) return;
    await this.#process.kill();
    await this.#process.exited;
    this.#exitCode = undefined;
    this.#process = this.#follow(await spawnGuarded(this.#launch));
    await this.#ready(signal);
  }

  /** Asks it to end, and insists after a while. May be called twice. */
  async end(): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#process.terminate();
    const timer = setTimeout(() => void this.#process.kill(), stopTimeoutMs);
    await this.#process.exited;
    clearTimeout(timer);
  }

  /** Has it end, and removes its log. May be called twice. */
  async stop(): Promise<void> {
    await this.end();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #follow(process: GuardedProcess): GuardedProcess {
    void process.exited.then((code) => (this.#exitCode = code));
    return process;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    for (const deadline = Date.now() + readyTimeoutMs; ; await delay(50, undefined, { signal })) {
      if (this.#exitCode !== undefined) throw new Error(`it ended with code ${this.#exitCode}`);
      if (Date.now() > deadline) throw new Error(`it is not ready after ${readyTimeoutMs / 1000} s`);
      if ((await this.probe('/readyz')) === 200) return;
    }
  }
}

function flagsOf(role: NonNullable<BinderyOptions['role']>, listen: string): readonly string[] {
  const webhook = [`--listen=${listen}`, `--webhook-url=https://${listen}`];
  const controller = ['--allow-loopback-brokers'];
  if (role === 'run') return [...webhook, ...controller, '--install'];
  return role === 'webhook' ? webhook : controller;
}

function environment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(inherited);
}
