import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { jsonChecksum } from '../base/hash.ts';
import { brokerAnnotations } from '../api/broker-annotations.ts';
import { brokerRefOf } from '../brokers/broker-ref.ts';
import { contextAnnotations } from '../brokers/context-annotations.ts';
import { findBroker } from '../brokers/find-broker.ts';
import { contextOf, type RequestContext } from '../brokers/request-context.ts';
import { resolveOffering, type Offering } from '../model/resolve.ts';
import type { InstanceTask } from './instance-status.ts';

export interface InstanceContext extends RequestContext {
  /** Of `context`, for `contextChecksum` in the status. */
  readonly contextChecksum: string;
}

/** Where an instance is, in the words of OSB. Undefined while its namespace is not known. */
export async function instanceContext(
  task: InstanceTask,
  { metadata }: ServiceInstance,
  offering: Offering,
): Promise<InstanceContext | undefined> {
  const namespace = task.stores.namespaces.store.get(metadata.namespace ?? '');
  if (namespace === undefined) return undefined;
  const broker = findBroker(brokerRefOf(offering.class), task.stores);
  const shown = contextAnnotations(broker?.metadata.annotations?.[brokerAnnotations.contextAnnotations]);
  const origin = contextOf({
    clusterId: await task.clusterId.get(task.signal),
    namespace,
    instanceName: metadata.name,
    annotations: shown && { shown, ofInstance: metadata.annotations },
  });
  return { ...origin, contextChecksum: jsonChecksum(origin.context) };
}

/**
 * The broker wants to hear of new contexts, and was told another one than holds now. What it was told is not known
 * of instances that the original Service Catalog made; they are left alone.
 */
export async function hasNewContext(task: InstanceTask, instance: ServiceInstance): Promise<boolean> {
  const told = instance.status?.externalProperties?.contextChecksum;
  if (told === undefined) return false;
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', task.stores);
  if (resolution.kind === 'unresolved') return false;
  const { offering } = resolution;
  if (offering.class.status?.allowContextUpdates !== true) return false;
  const current = await instanceContext(task, instance, offering);
  return current !== undefined && current.contextChecksum !== told;
}
