import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCluster, type Cluster } from '../../cluster/node/cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { documentedCommands } from './documented.ts';
import { prepared } from './prepared.ts';

const brokerProgram = join(import.meta.dirname, 'broker-program.ts');

export interface BrokerAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** One line per request so far, such as `PUT /v2/service_instances/… → 201`. */
  readonly requests: () => Promise<readonly string[]>;
}

/** A cluster of one real node with the images, and what is done in it most often. */
export interface World {
  readonly cluster: Cluster;
  /** What kubectl printed. Throws with what it complained about. Arguments may be one text with spaces between. */
  readonly kubectl: (args: string | readonly string[], input?: string) => Promise<string>;
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  readonly get: <T>(args: readonly string[]) => Promise<T>;
  /** What docs/install.md says: ends when both roles are Ready. Gives the time it took, in milliseconds. */
  readonly install: () => Promise<number>;
  /** Starts the demo's broker on the node. */
  readonly startBroker: (asynchronousMs?: number) => Promise<BrokerAccess>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(): Promise<World> {
  const state = prepared();
  if (state.kind !== 'ready') throw new Error(state.reason);
  const cluster = await startCluster();
  const kubectl: World['kubectl'] = async (args, input) => {
    const words = typeof args === 'string' ? args.split(' ') : args;
    const { code, stdout, stderr } = await cluster.kubectl(words, input);
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr.trim()}`);
    return stdout.trimEnd();
  };
  try {
    await Promise.all([
      cluster.importImage(state.binderyArchive),
      cluster.importImage(state.applicationArchive),
    ]);
  } catch (error: unknown) {
    await cluster.stop();
    throw error;
  }
  return {
    cluster,
    kubectl,
    apply: async (...objects) => {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '-f', '-'], JSON.stringify(list));
    },
    get: async <T>(args: readonly string[]): Promise<T> =>
      JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T,
    install: async () => install(kubectl),
    startBroker: async (asynchronousMs = 1000) => startBroker(cluster, asynchronousMs),
    stop: async () => cluster.stop(),
  };
}

async function install(kubectl: World['kubectl']): Promise<number> {
  const startedAt = performance.now();
  for (const command of await documentedCommands('In the cluster')) await kubectl(command);
  return performance.now() - startedAt;
}

async function startBroker(cluster: Cluster, asynchronousMs: number): Promise<BrokerAccess> {
  const name = 'broker';
  const running = await cluster.run({
    name,
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      brokerProgram,
      cluster.nodeAddress,
      String(asynchronousMs),
    ],
  });
  const lines = async (): Promise<readonly string[]> =>
    (await readFile(join(cluster.files.directory, `${name}.log`), 'utf8')).split('\n');
  const access = await waitFor(async () => (await lines()).find((line) => line.startsWith('{"url"')), {
    timeoutMs: 60_000,
    describe: async () => `the broker's address; it said: ${await running.lastWords()}`,
  });
  return {
    ...(JSON.parse(access) as Pick<BrokerAccess, 'url' | 'username' | 'password'>),
    requests: async () => (await lines()).filter((line) => / \/v2\/.* → \d+$/.test(line)),
  };
}
