import { sleep } from '../../base/abort.ts';
import { systemStopwatch } from '../../base/stopwatch.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, leases } from '../../kube/resources.ts';
import { UsageError } from '../usage-error.ts';

const controllerName = 'bindery-controller';

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

/** How long a leader that goes with its Deployment may take. */
const patienceMs = 90_000;

/**
 * Deletes the Deployment of the controllers, and waits until nobody leads any more.
 * @throws UsageError when somebody goes on leading: a controller outside of the cluster
 */
export async function stopControllers(
  client: Pick<KubeClient, 'get' | 'delete'>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  await client
    .delete(deployments, { namespace, name: controllerName }, { signal, propagationPolicy: 'Foreground' })
    .catch(unlessNotFound);
  const startedMs = systemStopwatch.elapsedMs();
  while (await isLed(client, namespace, signal)) {
    signal.throwIfAborted();
    if (systemStopwatch.elapsedMs() - startedMs < patienceMs) continue;
    throw new UsageError(
      `a controller goes on working: Lease "${namespace}/${controllerName}" is renewed, and there is no Deployment of it. End that process first`,
    );
  }
}

/** Whether somebody renews the Lease: what is seen to change, since clocks differ. */
export async function isLed(
  client: Pick<KubeClient, 'get'>,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const before = await leaseOf(client, namespace, signal);
  if (!before?.holderIdentity) return false;
  const untilMs = systemStopwatch.elapsedMs() + (before.leaseDurationSeconds ?? 15) * 1000;
  while (systemStopwatch.elapsedMs() < untilMs) {
    await sleep(500, signal);
    signal.throwIfAborted();
    const now = await leaseOf(client, namespace, signal);
    if (!now?.holderIdentity) return false;
    if (now.renewTime !== before.renewTime) return true;
  }
  return false;
}

async function leaseOf(
  client: Pick<KubeClient, 'get'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Lease['spec']> {
  try {
    return (await client.get<Lease>(leases, { namespace, name: controllerName }, { signal })).spec;
  } catch (error) {
    unlessNotFound(error);
    return undefined;
  }
}

/** For what may be gone already. */
export function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
