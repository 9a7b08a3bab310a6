import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { accessExistingCluster, type ClusterAccess } from '../../cluster/cluster-access.ts';
import { startCluster, type Cluster } from '../../cluster/node/cluster.ts';
import { runLabel } from '../../cluster/shared-cluster.ts';
import type { Images } from './images.ts';
import { prepared, type ExistingCluster } from './prepared.ts';

/** Where the tests of a file happen. */
export interface Place {
  readonly access: ClusterAccess;
  /** The node, where it was started for this file. */
  readonly node?: Cluster;
  /** What docs/install.md has to be told; undefined: the name that the manifests have. */
  readonly image?: string;
  /** What our namespaces are known by. */
  readonly labels: Readonly<Record<string, string>>;
  readonly leave: () => Promise<void>;
}

/** Starts a node, or goes to the cluster that was named. */
export async function findPlace(): Promise<Place> {
  const state = prepared();
  if (state.kind === 'unavailable') throw new Error(state.reason);
  return state.kind === 'node' ? startNode(state.images) : visitCluster(state);
}

async function startNode(images: Images): Promise<Place> {
  const node = await startCluster();
  try {
    await Promise.all([node.importImage(images.bindery), node.importImage(images.programs)]);
  } catch (error: unknown) {
    await node.stop();
    throw error;
  }
  return { access: node, node, labels: {}, leave: async () => node.stop() };
}

async function visitCluster(existing: ExistingCluster): Promise<Place> {
  const directory = await mkdtemp(join(existing.directory, 'place-'));
  const access = await accessExistingCluster(existing.kubeconfig, directory, existing.kubectl);
  const labels = { [runLabel]: randomBytes(4).toString('hex') };
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return {
    access,
    image: existing.image,
    labels,
    leave: async () => {
      await access.kubectl(['delete', 'namespaces', '-l', selector.join(','), '--timeout=50s']);
    },
  };
}
