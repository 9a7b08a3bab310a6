import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { expectDone, installDefinitions, root } from './catalog-cluster.ts';

/**
 * A control plane of one test file, with our kinds and Bindery's namespace: for what would be felt by everybody
 * in a shared one, such as webhooks and policies.
 */
export async function startPrivateCluster(): Promise<ControlPlane> {
  const plane = await startControlPlane();
  try {
    await installDefinitions(plane);
    await expectDone(plane, 'create', 'namespace', 'bindery-system');
    return plane;
  } catch (error: unknown) {
    await plane.stop();
    throw error;
  }
}

/** The objects in a YAML file of the repository. */
export async function objectsIn(file: string): Promise<readonly unknown[]> {
  return loadAll(await readFile(join(root, file), 'utf8'));
}
