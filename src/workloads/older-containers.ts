import type { KubeClient } from '../kube/client.ts';
import { listPages } from '../kube/list-pages.ts';
import { pods } from '../kube/resources.ts';
import { listOf } from '../injection/pod.ts';
import type { RawPod } from './pod.ts';
import { secretNames } from './secret-names.ts';

/**
 * Whether a container runs that was started before a time, in a Pod that names the Secret: its variables, and what it has read
 * at its start, are of what the Secret held then. One that waits, or has ended, reads it anew. Read live.
 * @throws KubeApiError, KubeConnectionError when nobody knows
 */
export async function hasOlderContainers(
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  secret: string,
  beforeMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { items } = await listPages(client, pods, { namespace }, { signal }, (pod: RawPod) =>
    isOlderUser(pod, secret, beforeMs),
  );
  return items.includes(true);
}

/** @param beforeMs since 1970 */
export function isOlderUser({ spec, status }: RawPod, secret: string, beforeMs: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  if (!secretNames(spec).includes(secret)) return false;
  const containers = [...listOf(status?.containerStatuses), ...listOf(status?.initContainerStatuses)];
  return containers.some(({ state }) => {
    const running = state?.running;
    // Who does not say when counts as old.
    return running !== undefined && running !== null && !(Date.parse(startOf(running)) >= beforeMs);
  });
}

function startOf(running: unknown): string {
  const { startedAt } = running as { readonly startedAt?: unknown };
  return typeof startedAt === 'string' ? startedAt : '';
}
