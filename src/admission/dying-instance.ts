import { serviceInstances } from '../api/kinds.ts';
import { errorFields, type Logger } from '../base/logger.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { AdmissionRequest } from './review.ts';

/** Whether a ServiceInstance is on its way out; never rejects. */
export type IsDying = (namespace: string, name: string, timeoutMs: number) => Promise<boolean>;

const maxWaitMs = 2000;

/**
 * Asks the API server: a view of all instances would cost memory and a watch for a question that only new bindings ask.
 * Without an answer the binding is let in; the controller has it wait.
 */
export function createIsDying(client: Pick<KubeClient, 'get'>, logger: Logger, signal: AbortSignal): IsDying {
  return async (namespace, name, timeoutMs) => {
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
  { instanceRef }: JsonObject,
  isDying: IsDying,
  timeoutMs: number,
): Promise<string | undefined> {
  const instance = isObject(instanceRef) ? instanceRef['name'] : undefined;
  if (typeof instance !== 'string' || instance === '') return undefined;
  if (!(await isDying(namespace, instance, timeoutMs))) return undefined;
  // The words of the original service catalog.
  const binding = `ServiceBinding ${namespace}/${name}`;
  return `${binding} references a ServiceInstance that is being deleted: ${namespace}/${instance}`;
}
