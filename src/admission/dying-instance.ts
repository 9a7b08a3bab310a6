import { serviceInstances } from '../api/kinds.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import type { JsonObject } from '../base/json.ts';
import type { Store } from '../control/store.ts';
import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { instanceAsked } from '../model/instance-of.ts';
import type { AdmissionRequest } from './review.ts';

/** Whether a ServiceInstance is on its way out; never rejects. */
export type IsDying = (namespace: string, name: string, timeoutMs: number) => Promise<boolean>;

const maxWaitMs = 2000;

/**
 * Nobody is refused for what only the view says: it may be of an instance that has gone and come again. What it does not
 * say yet, a moment after the deletion, the controller sees: it has the binding wait, as it does when there is no answer.
 * @param view of all instances
 */
export function createIsDying(
  view: Pick<Store<KubeObject>, 'get'>,
  client: Pick<KubeClient, 'get'>,
  logger: Logger,
  signal: AbortSignal,
): IsDying {
  return async (namespace, name, timeoutMs) => {
    if (view.get(`${namespace}/${name}`)?.metadata.deletionTimestamp === undefined) return false;
    const options = { signal, timeoutMs: Math.min(timeoutMs, maxWaitMs) };
    try {
      const { metadata } = await client.get(serviceInstances, { namespace, name }, options);
      return metadata.deletionTimestamp !== undefined;
    } catch (error) {
      if (!isNotFound(error)) logger.warn({ namespace, name, ...errorFields(error) }, 'instance not read');
      return false;
    }
  };
}

/** Why a new binding can not be had; undefined when its instance stays, or does not exist yet. */
export async function dyingInstance(
  { namespace, name }: AdmissionRequest,
  spec: JsonObject,
  isDying: IsDying,
  timeoutMs: number,
): Promise<string | undefined> {
  const instance = instanceAsked(namespace, spec);
  if (instance === undefined) return undefined;
  if (!(await isDying(instance.namespace, instance.name, timeoutMs))) return undefined;
  // The words of the original service catalog.
  const binding = `ServiceBinding ${namespace}/${name}`;
  return `${binding} references a ServiceInstance that is being deleted: ${instance.namespace}/${instance.name}`;
}
