import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterAccess } from '../../cluster/cluster-access.ts';
import { runKubectl, type KubectlResult } from '../../cluster/kubectl.ts';
import type { Cluster } from '../../cluster/node/cluster.ts';
import { documentedCommands } from './documented.ts';
import { findPlace, type Place } from './place.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
/** Longer than any `--timeout` of a command, so that kubectl says itself what it waited for. */
const commandTimeoutMs = 150_000;

interface KubernetesObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}

/** A cluster with the images, and what is done in it most often. */
export interface World {
  readonly access: ClusterAccess;
  /** A copy of what somebody has who follows docs/install.md: deploy/ and webhook-config/. */
  readonly directory: string;
  /** The node below. @throws Error in a cluster that was not started here */
  readonly node: () => Cluster;
  /** What kubectl printed. Throws with what it complained about. Arguments may be one text with spaces between. */
  readonly kubectl: (args: string | readonly string[], input?: string) => Promise<string>;
  /** The same, and a refusal is a `code`. */
  readonly tryKubectl: (args: readonly string[], input?: string) => Promise<KubectlResult>;
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  /** A namespace that must not be there yet; in somebody's cluster it goes at the end. */
  readonly create: (namespace: object) => Promise<void>;
  readonly get: <T>(args: readonly string[]) => Promise<T>;
  /** Runs the commands of a section of docs/install.md. */
  readonly follow: (heading: string) => Promise<void>;
  /** Ends when both roles are Ready. Gives the time it took, in milliseconds. */
  readonly install: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export async function startWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'bindery-world-'));
  try {
    for (const name of ['deploy', 'webhook-config']) {
      await cp(join(root, name), join(directory, name), { recursive: true });
    }
    await installCommand(directory);
    return worldAt(await findPlace(), directory);
  } catch (error: unknown) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** The program as people have it in their path. */
async function installCommand(directory: string): Promise<void> {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src', 'main.ts')}' "$@"\n`;
  await mkdir(join(directory, 'bin'));
  await writeFile(join(directory, 'bin', 'bindery'), script, { mode: 0o755 });
}

function worldAt(place: Place, directory: string): World {
  const { access, node, labels } = place;
  let isInstalled = false;
  const tryKubectl: World['tryKubectl'] = async (args, input = '') =>
    runKubectl({ command: 'kubectl', args, env: access.env, input, timeoutMs: commandTimeoutMs });
  const kubectl: World['kubectl'] = async (args, input) => {
    const words = typeof args === 'string' ? args.split(' ') : args;
    const { code, stdout, stderr } = await tryKubectl(words, input);
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr.trim()}`);
    return stdout.trimEnd();
  };
  const follow = async (heading: string): Promise<void> => {
    for (const command of commandsFor(place, await documentedCommands(heading))) {
      await run('/bin/sh', ['-ec', command], {
        cwd: directory,
        env: { ...access.env, PATH: `${join(directory, 'bin')}:${access.env['PATH'] ?? ''}` },
        timeout: commandTimeoutMs,
      });
    }
    if (heading === 'Remove') isInstalled = false;
  };
  return {
    access,
    directory,
    node: () => {
      if (node === undefined) throw new Error('this cluster was not started here');
      return node;
    },
    kubectl,
    tryKubectl,
    apply: async (...objects) => {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '-f', '-'], JSON.stringify(list));
    },
    create: async (object) => {
      const { metadata, ...rest } = object as KubernetesObject;
      const labelled = { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
      await kubectl(['create', '-f', '-'], JSON.stringify(labelled));
    },
    get: async <T>(args: readonly string[]): Promise<T> =>
      JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T,
    follow,
    install: async () => {
      const startedAt = performance.now();
      isInstalled = true;
      await follow('In the cluster');
      return performance.now() - startedAt;
    },
    stop: async () => {
      try {
        // A node of our own is thrown away as it is.
        if (node === undefined && isInstalled) await follow('Remove');
      } finally {
        await place.leave();
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

/**
 * What is followed of the commands: there need be no container engine, and an image that has the name of the
 * manifests is in the node already.
 */
function commandsFor({ image }: Place, commands: readonly string[]): readonly string[] {
  const documented = 'registry.example.com/bindery:0.1.0';
  const isFollowed = (command: string): boolean =>
    !command.startsWith('docker ') && !(command.startsWith('sed ') && image === undefined);
  return commands
    .filter(isFollowed)
    .map((command) => (image === undefined ? command : command.replace(documented, image)));
}
