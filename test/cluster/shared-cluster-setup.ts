import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessExistingCluster } from './cluster-access.ts';
import { startControlPlane } from './control-plane.ts';
import { existingKubectl } from './existing-kubectl.ts';
import { runLabel, sharedClusterVariable, type SharedCluster } from './shared-cluster.ts';

let stop: (() => Promise<void>) | undefined;

/** Jest's global setup of a project. Jest calls it only when at least one file of that project is about to run. */
export async function startSharedCluster(): Promise<void> {
  const runId = randomBytes(4).toString('hex');
  const shared =
    process.env['BINDERY_USE_KUBECONFIG'] === '1' ? await useExisting(runId) : await startOwn(runId);
  process.env[sharedClusterVariable] = JSON.stringify(shared);
}

/** Jest's global teardown. */
export async function stopSharedCluster(): Promise<void> {
  delete process.env[sharedClusterVariable];
  await stop?.();
  stop = undefined;
}

async function startOwn(runId: string): Promise<SharedCluster> {
  const plane = await startControlPlane();
  stop = () => plane.stop();
  return { kind: 'own', runId, files: plane.files };
}

async function useExisting(runId: string): Promise<SharedCluster> {
  const kubeconfig = process.env['KUBECONFIG'];
  if (kubeconfig === undefined || kubeconfig === '') {
    throw new Error(
      'BINDERY_USE_KUBECONFIG=1 needs KUBECONFIG: the path of the kubeconfig of the cluster to use',
    );
  }
  const kubectl = await existingKubectl();
  const directory = await mkdtemp(join(tmpdir(), 'bindery-existing-cluster-'));
  stop = async () => {
    const access = await accessExistingCluster(kubeconfig, directory, kubectl);
    await access.kubectl(['delete', 'namespaces', '-l', `${runLabel}=${runId}`, '--wait=false']);
    await rm(directory, { recursive: true, force: true });
  };
  return { kind: 'existing', runId, kubeconfig, directory, kubectl };
}
