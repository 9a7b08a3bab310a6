import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubectlResult } from '../../cluster/kubectl.ts';
import { startControlPlane, type ControlPlane } from '../../cluster/control-plane.ts';
import { installDefinitions, root } from './catalog-cluster.ts';

/**
 * A control plane of one test file, with our kinds and Bindery's namespace: for what would be felt by everybody
 * in a shared one, such as webhooks and policies.
 */
export async function startPrivateCluster(): Promise<ControlPlane> {
  const plane = await startControlPlane();
  try {
    await installDefinitions(plane);
    await applied(plane, ['create', 'namespace', 'bindery-system']);
    return plane;
  } catch (error: unknown) {
    await plane.stop();
    throw error;
  }
}

export async function applied(
  plane: ControlPlane,
  args: readonly string[],
  input?: string,
): Promise<KubectlResult> {
  const result = await plane.kubectl(args, input);
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result;
}

/** The objects in a YAML file of the repository. */
export async function objectsIn(file: string): Promise<readonly unknown[]> {
  return loadAll(await readFile(join(root, file), 'utf8'));
}

/** Asks again until the answer is as wanted: what is applied takes effect in the API server a moment later. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer) || Date.now() > deadline) return answer;
  }
}
