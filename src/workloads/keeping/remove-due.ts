import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import { serviceBindings, serviceInstances } from '../../api/kinds.ts';
import type { SecretObject } from '../../kube/data-objects.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resources.ts';
import { liveView } from '../live-view.ts';
import { restoreSecret, takeSecret } from './lost-secret.ts';
import { judge, schedule, tell, type Due, type Judged, type ReclaimDeps } from './reclaim.ts';

/**
 * Takes away what has come to its time. What goes takes its data along, so it is judged once more on what the API server
 * says at that moment, by the same function, and the DELETE names the version that was looked at. Of a login the Secret goes
 * first, and then it is looked again: nobody can begin to use the login any more without being seen.
 */
export async function removeDue(deps: ReclaimDeps, namespace: string, signal: AbortSignal): Promise<void> {
  const look = async (): Promise<Judged> =>
    judge(deps, namespace, await liveView(deps.client, namespace, signal));
  let judged = await look();
  const due = judged.bindings.filter(isDue);
  const gone = new Set<string>();
  if (due.length > 0) {
    const taken: { readonly binding: ServiceBinding; readonly secret: SecretObject | undefined }[] = [];
    for (const { made } of due)
      taken.push({ binding: made.object, secret: await takeSecret(deps, made.object, signal) });
    judged = await look();
    for (const { binding, secret } of taken) {
      const now = judged.bindings.find(({ made }) => made.object.metadata.uid === binding.metadata.uid);
      if (now !== undefined && isDue(now)) {
        await remove(deps, serviceBindings, now.made.object, signal);
        gone.add(binding.metadata.name);
      } else if (secret !== undefined) await restoreSecret(deps, secret, signal);
    }
  }
  for (const { made, step } of judged.instances) {
    const isBare = made.logins.every(({ object }) => gone.has(object.metadata.name));
    if (isDue({ made, step }) && isBare) await remove(deps, serviceInstances, made.object, signal);
  }
  // Whoever asks and was not heard of: what is known here may be old for long.
  const isNews = ({ step }: Due): boolean => step.kind === 'cancel';
  await schedule(
    deps,
    { ...judged, bindings: judged.bindings.filter(isNews), instances: judged.instances.filter(isNews) },
    signal,
  );
}

/** Whether the time of anything has come. */
export function hasDue({ bindings, instances }: Judged): boolean {
  return bindings.some(isDue) || instances.some(isDue);
}

function isDue({ step }: Due): boolean {
  return step.kind === 'act';
}

/** @throws KubeApiError 409 when the object is not the one any more that was looked at: look again */
async function remove(
  deps: ReclaimDeps,
  resource: Resource,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, uid, resourceVersion } = object.metadata;
  // Before: afterwards nobody may be there to say it.
  tell(
    deps,
    resource,
    object,
    'Reclaimed',
    'It is being deleted: nobody has asked for it for as long as it was kept',
  );
  try {
    await deps.client.delete(resource, { namespace, name }, { uid, resourceVersion, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
