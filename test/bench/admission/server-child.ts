/** The conversation between a bench and a server in a process of its own: both ends. */
import { fork, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { nodeFlags } from '../../cluster/node/image-content.ts';
import { shippedEnvironment } from '../shipped-environment.ts';

export interface ServingPair {
  readonly key: string;
  readonly cert: string;
}

/** What a server process has used so far. */
export interface Usage {
  readonly rssBytes: number;
  /** The most that it has had so far. */
  readonly peakRssBytes: number;
  readonly cpuMicroseconds: number;
}

const answerTimeoutMs = 30_000;

/** In the child: the first message brings the key and certificate to serve with. */
export async function startMessage(): Promise<ServingPair> {
  const [message] = (await once(process, 'message', {
    signal: AbortSignal.timeout(answerTimeoutMs),
  })) as [ServingPair];
  return message;
}

/** In the child: says where it listens, then answers each question with what it has used. Ends with its parent. */
export function answerUsage(port: number): void {
  process.on('disconnect', () => process.exit());
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const usage: Usage = {
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      cpuMicroseconds: user + system,
    };
    process.send?.(usage);
  });
  process.send?.({ port });
}

/** In the parent: a running server. */
export class ServerChild {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(program: URL, pair: ServingPair): Promise<ServerChild> {
    const env = { ...process.env, ...(await shippedEnvironment('webhook')) };
    const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];
    const child = fork(program, { execArgv: [...nodeFlags], stdio, env });
    child.send(pair);
    const { port } = await answerOf<{ port: number }>(child);
    return new ServerChild(child, port);
  }

  async usage(): Promise<Usage> {
    const answer = answerOf<Usage>(this.#child);
    this.#child.send('usage');
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** The next message of the child. */
async function answerOf<T>(child: ChildProcess): Promise<T> {
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(answerTimeoutMs)]);
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the server process ended with code ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), exited])) as [T];
    return message;
  } finally {
    done.abort();
  }
}
