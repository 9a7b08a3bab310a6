import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { cascadeAnnotation } from '../api/group.ts';
import { serviceBindings, serviceInstances } from '../api/kinds.ts';
import { isNotFound } from '../kube/errors.ts';
import { listPages } from '../kube/list-pages.ts';
import { isProtected } from '../model/protection.ts';
import type { InstanceTask } from './instance-status.ts';

/** `cascade: "true"`: the deletion of the instance deletes its bindings. Whoever wrote it may delete them: a policy asks. */
export function cascades({ metadata }: ServiceInstance): boolean {
  return metadata.annotations?.[cascadeAnnotation] === 'true';
}

/**
 * Deletes these bindings, which takes logins along: decided on what the API server says at this moment, and each DELETE names the
 * version that was looked at. Where one is protected none is deleted: the instance could not go all the same.
 * @throws KubeApiError, KubeConnectionError: tried again
 */
export async function deleteBindings(
  { client, signal }: Pick<InstanceTask, 'client' | 'signal'>,
  instance: ServiceInstance,
  known: readonly ServiceBinding[],
): Promise<void> {
  const { name, namespace = '', uid } = instance.metadata;
  const now = await client.get<ServiceInstance>(serviceInstances, { namespace, name }, { signal });
  if (now.metadata.uid !== uid || now.metadata.deletionTimestamp === undefined || !cascades(now)) return;
  const uids = new Set(known.map(({ metadata }) => metadata.uid));
  const keep = (binding: ServiceBinding): ServiceBinding | undefined =>
    uids.has(binding.metadata.uid) ? binding : undefined;
  const { items } = await listPages(client, serviceBindings, { namespace }, { signal }, keep);
  const bindings = items.filter((binding) => binding !== undefined);
  if (bindings.some(isProtected)) return;
  for (const { metadata } of bindings) {
    if (metadata.deletionTimestamp !== undefined) continue;
    const { resourceVersion } = metadata;
    try {
      await client.delete(
        serviceBindings,
        { namespace, name: metadata.name },
        { uid: metadata.uid, resourceVersion, signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
