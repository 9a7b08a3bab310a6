import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findBinaries } from '../../cluster/binaries.ts';
import { accessExistingCluster, type ClusterAccess } from '../../cluster/cluster-access.ts';
import { existingKubectl } from '../../cluster/existing-kubectl.ts';
import { findNodePrograms } from '../../cluster/node/node-programs.ts';
import { nodeProblem } from '../../cluster/node/prerequisites.ts';
import { writeImages } from './images.ts';
import { preparedVariable, type ExistingCluster, type Prepared } from './prepared.ts';
import { target, type Target } from './target.ts';

let directory: string | undefined;

/** Jest's global setup of the project e2e: the programs and images of a node, or the way to a cluster that exists. */
export async function prepareEndToEnd(): Promise<void> {
  const existing = target();
  const state = existing === undefined ? await prepareNode() : await prepareExisting(existing);
  process.env[preparedVariable] = JSON.stringify(state);
}

/** Jest's global teardown. */
export async function removePrepared(): Promise<void> {
  delete process.env[preparedVariable];
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}

async function prepareNode(): Promise<Prepared> {
  const reason = await nodeProblem();
  if (reason !== undefined) {
    process.stderr.write(
      `End-to-end tests are skipped: ${reason}. In a cluster that exists (test/e2e/README.md):\n` +
        '  npm run test:e2e -- --use-kubeconfig=<path> --image=<reference> --programs-image=<reference>\n',
    );
    return { kind: 'unavailable', reason };
  }
  await findBinaries();
  await findNodePrograms();
  return { kind: 'node', images: await writeImages(await makeDirectory()) };
}

async function prepareExisting(named: Target): Promise<ExistingCluster> {
  const kubeconfig = resolve(named.kubeconfig);
  const kubectl = await existingKubectl();
  const place = await makeDirectory();
  await refuseOccupied(await accessExistingCluster(kubeconfig, place, kubectl));
  return { ...named, kind: 'existing', kubeconfig, kubectl, directory: place };
}

/** The tests install and remove Bindery, and whoever has it already wants to keep it. */
async function refuseOccupied({ kubeconfig, kubectl }: ClusterAccess): Promise<void> {
  for (const object of ['crd/serviceinstances.servicecatalog.k8s.io', 'namespace/bindery-system']) {
    const { stdout, stderr, code } = await kubectl(['get', object, '--ignore-not-found', '-o', 'name']);
    if (code !== 0) throw new Error(`${kubeconfig}: ${stderr.trim()}`);
    if (stdout !== '') {
      throw new Error(
        `${kubeconfig}: there is ${object} already. The tests need a cluster without a catalog`,
      );
    }
  }
}

async function makeDirectory(): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), 'bindery-e2e-'));
  return directory;
}
