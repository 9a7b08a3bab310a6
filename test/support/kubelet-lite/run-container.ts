import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PodResolution, ResolvedContainer } from './resolution.ts';
import { translatePaths } from './translate-paths.ts';
import { writeVolume } from './write-volume.ts';

export interface StartOptions {
  /** Runs instead of the container's command and args; needed when the image would say what to run. */
  readonly command?: readonly string[];
  /** Working directory; default: the container's, or the root of its files. */
  readonly cwd?: string;
  /** Below which the files go. Default: a temporary directory, removed at the end. */
  readonly root?: string;
}

export interface RunOptions extends StartOptions {
  /** The process is killed after so long. */
  readonly timeoutMs: number;
}

export interface ContainerExit {
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It ran longer than `timeoutMs` and was killed. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container whose command runs as a local process. */
export interface RunningContainer {
  /** `/bindings/db` of the container is `<root>/bindings/db` here. */
  readonly root: string;
  readonly pid: number;
  /** What it has written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  readonly exited: Promise<Omit<ContainerExit, 'timedOut'>>;
  /** Writes the files of a later resolution of the same Pod, as the kubelet refreshes volumes; env stays. */
  refresh(resolution: PodResolution): Promise<void>;
  /** SIGKILL to the process and all it started, and removal of its files. */
  stop(): Promise<void>;
}

/** The kubelet would not start this container yet, for that reason. */
export class ContainerNotReadyError extends Error {
  override readonly name = 'ContainerNotReadyError';
  readonly code = 'CONTAINER_NOT_READY';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(`${reason}: ${message}`);
    this.reason = reason;
  }
}

/**
 * Runs a container's command to its end as a local process with the container's environment and files.
 * @throws ContainerNotReadyError when the kubelet would wait
 */
export async function runContainer(
  resolution: PodResolution,
  containerName: string,
  options: RunOptions,
): Promise<ContainerExit> {
  const running = await startContainer(resolution, containerName, options);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void running.stop();
  }, options.timeoutMs);
  try {
    return { ...(await running.exited), timedOut };
  } finally {
    clearTimeout(timer);
    await running.stop();
  }
}

/**
 * Starts a container's command as a local process: exactly the container's environment, plus PATH and HOME where
 * it sets none, and the container's files below `root`. Mount paths in the environment, the command and its
 * arguments are rewritten to where the files are, see `translatePaths`.
 */
export async function startContainer(
  resolution: PodResolution,
  containerName: string,
  options: StartOptions = {},
): Promise<RunningContainer> {
  const container = readyContainer(resolution, containerName);
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'bindery-container-')));
  const removeRoot = async (): Promise<void> => {
    if (options.root === undefined) await rm(root, { recursive: true, force: true });
  };
  try {
    await writeVolumes(container, root);
    return await spawnIn(root, container, options, removeRoot);
  } catch (error: unknown) {
    await removeRoot();
    throw error;
  }
}

async function spawnIn(
  root: string,
  container: ResolvedContainer,
  options: StartOptions,
  removeRoot: () => Promise<void>,
): Promise<RunningContainer> {
  const mountPaths = container.mounts.map((mount) => mount.mountPath);
  const here = (text: string): string => translatePaths(text, mountPaths, root);
  const [command, ...args] = (options.command ?? [...container.command, ...container.args]).map(here);
  if (command === undefined) {
    throw new Error(`container ${container.name} has no command, so its image decides: give options.command`);
  }
  const env = Object.entries(container.env).map(([name, value]) => [name, here(value)] as const);
  const cwd = options.cwd ?? (container.workingDir === undefined ? root : here(container.workingDir));
  if (options.cwd === undefined) await mkdir(cwd, { recursive: true });
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: root, ...Object.fromEntries(env) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  let over = false;
  const exited = new Promise<Omit<ContainerExit, 'timedOut'>>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      resolve({ code, signal, ...written });
    });
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} was started without a process id`);
  const release = guardFromBeside(pid, options.root === undefined ? root : '');
  // A container ends with its first process: what that one has started in the background ends here.
  child.once('exit', () => killGroup(pid));
  return {
    root,
    pid,
    output: () => ({ ...written }),
    exited,
    refresh: async (next) => writeVolumes(readyContainer(next, container.name), root),
    stop: async () => {
      if (!over) killGroup(pid);
      await exited;
      release();
      await removeRoot();
    },
  };
}

async function writeVolumes(container: ResolvedContainer, root: string): Promise<void> {
  // Outer mounts before those inside them.
  const mounts = [...container.mounts].sort((a, b) => a.mountPath.length - b.mountPath.length);
  for (const { mountPath, layout } of mounts) {
    await writeVolume(join(root, mountPath), layout, container.files[mountPath] ?? {});
  }
}

function readyContainer(resolution: PodResolution, name: string): ResolvedContainer {
  if (resolution.kind === 'waiting') throw new ContainerNotReadyError(resolution.reason, resolution.message);
  const container = resolution.containers[name];
  if (container === undefined) {
    throw new Error(`no container ${name}; the Pod has ${Object.keys(resolution.containers).join(', ')}`);
  }
  if (container.kind === 'waiting') throw new ContainerNotReadyError(container.reason, container.message);
  return container;
}

/**
 * Sees to it that the process does not outlive this one. A shell waits beside it, and not around it as in
 * test/cluster/guard.sh, because shells add to an environment and drop names that are none of theirs.
 * @returns tells the shell that the process is over
 */
function guardFromBeside(pid: number, directory: string): () => void {
  const script = 'read -r line || { kill -KILL -- "-$1"; [ -z "$2" ] || rm -rf -- "$2"; }';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const { stdin } = guard;
  stdin.on('error', () => undefined);
  guard.unref();
  if (stdin instanceof Socket) stdin.unref();
  return () => void stdin.end('over\n');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error: unknown) {
    // ESRCH: it is over. EPERM: macOS's word for a group of which only zombies are left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
