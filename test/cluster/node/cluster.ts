import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../binaries.ts';
import { accessControlPlane, type ClusterAccess, type ControlPlaneFiles } from '../cluster-access.ts';
import { apiSocket, LocalNode } from './local-node.ts';
import { nodeAddress, writeNodeFiles } from './node-files.ts';
import { NodeNamespaces, type NodeCommand, type NodeProcess } from './node-namespaces.ts';
import { findNodePrograms } from './node-programs.ts';
import { startOutsideRelay } from './outside-relay.ts';
import { nodeProblem } from './prerequisites.ts';

export interface ClusterOptions {
  /** Receives progress of a build and notice of a part that died; default: standard error. */
  readonly log?: (line: string) => void;
  /** Directory in which the cluster makes its own temporary one; default: the system's. */
  readonly dir?: string;
  /** How often the kubelet looks at a Pod and its Secrets again. Default 2 s, so that tests need not wait. */
  readonly syncFrequency?: string;
  /** Time until the node is Ready, 90 s by default. A build before it is not counted. */
  readonly readyTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A real cluster of one node. */
export interface Cluster extends ClusterAccess {
  /** What another process needs for `accessControlPlane`. */
  readonly files: ControlPlaneFiles;
  /** Bearer token of the administrator. */
  readonly token: string;
  /** Name of the cgroup of everything that runs in Pods. */
  readonly cgroup: string;
  /** Address of the node, at which Pods reach what listens there. */
  readonly nodeAddress: string;
  /**
   * Gives the node an image from an OCI archive (`writeOciArchive`). Pods that use it need `imagePullPolicy: Never`
   * or `IfNotPresent`.
   */
  readonly importImage: (archivePath: string) => Promise<void>;
  /** Starts a command in the node's namespaces; it ends with the node at the latest. */
  readonly run: (command: NodeCommand) => Promise<NodeProcess>;
  /** SIGKILL to a container's first process. The id is the one in a Pod's status, with or without `containerd://`. */
  readonly killContainer: (id: string) => Promise<void>;
  /** Ends all processes and waits until nothing is left of them. May be called again. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts etcd, the control plane, containerd and a kubelet in namespaces of their own: about five seconds, and
 * minutes before that when they have to be built. They live as long as this process at most, even if it is killed.
 * @throws NodeUnavailableError when this machine can not run a node
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const problem = await nodeProblem();
  if (problem !== undefined) throw new NodeUnavailableError(problem);
  const log = options.log ?? ((line: string): unknown => process.stderr.write(`${line}\n`));
  const forPrograms = { log, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const binaries = await findBinaries(forPrograms);
  const programs = await findNodePrograms(forPrograms);
  const cgroup = `bindery-${randomBytes(5).toString('hex')}`;
  const directory = await mkdtemp(join(options.dir ?? tmpdir(), 'bindery-node-'));
  await using starting = new AsyncDisposableStack();
  starting.defer(async () => rm(directory, { recursive: true, force: true }));
  // Whoever runs in the node without being root can pass, and has a place for temporary files.
  await chmod(directory, 0o711);
  await mkdir(join(directory, 'tmp'));
  await chmod(join(directory, 'tmp'), 0o1777);
  const relay = await startOutsideRelay(apiSocket(directory), directory);
  starting.defer(async () => relay.stop());
  const files = { directory, server: `https://127.0.0.1:${relay.port}`, kubectl: binaries.kubectl };
  const token = await writeNodeFiles({
    directory,
    cgroup,
    programs,
    syncFrequency: options.syncFrequency ?? '2s',
    outsideServer: files.server,
  });
  const namespaces = await NodeNamespaces.start(directory, cgroup);
  starting.defer(async () => namespaces.stop());
  const node = new LocalNode({ files, token, namespaces, binaries, programs, log, relay });
  await node.start(options);
  // All that is undone here when something fails is from now on undone by stop().
  starting.move();
  return {
    ...accessControlPlane(files),
    files,
    token,
    cgroup,
    nodeAddress,
    importImage: async (archivePath) => node.importImage(archivePath),
    run: async (command) => namespaces.run(command),
    killContainer: async (id) => node.killContainer(id),
    stop: async () => node.stop(),
  };
}

/** This machine can not run a node; the message says why. */
export class NodeUnavailableError extends Error {
  override readonly name = 'NodeUnavailableError';
  readonly code = 'BINDERY_NODE_UNAVAILABLE';
}
