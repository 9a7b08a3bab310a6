import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { finalizer, idMadeAnnotation } from '../api/group.ts';
import { serviceInstances } from '../api/kinds.ts';
import { labelCorrections } from '../api/labels.ts';
import { copyLazily } from '../base/lazy-json.ts';
import { offeringRefs } from '../control/offering-refs.ts';
import { resolveOffering, type Offering } from '../control/resolve.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import type { InstanceTask } from './instance-task.ts';
import { mayBeAtBroker } from './known-at-broker.ts';
import { saveInstance } from './save-instance.ts';

/**
 * Completes what the admission webhook could not know, or did not see: finalizer, externalID, the references to the
 * resolved class and plan, and the query labels. Usually the CREATE has it all and nothing is written.
 */
export async function adoptInstance(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const resolution = resolveOffering(instance.spec, instance.metadata.namespace ?? '', task.stores);
  if (resolution.kind === 'resolved') return goOn(await complete(task, instance, resolution.offering));

  // What the broker has must not be forgotten, whatever the spec says by now.
  const kept = mayBeAtBroker(instance) ? await complete(task, instance, undefined) : instance;
  const { reason, message } = resolution;
  const usable = instance.status?.provisionStatus === 'Provisioned';
  // No timer: the instance is looked at again when a class or a plan appears.
  await saveInstance(task, kept, { kind: 'working', reason, message, usable });
  return stop;
}

async function complete(
  task: InstanceTask,
  instance: ServiceInstance,
  offering: Offering | undefined,
): Promise<ServiceInstance> {
  const patch = adoptionPatch(instance, offering, task.newId);
  return patch === undefined ? instance : save(task, instance, patch);
}

/** Query labels that somebody took away, or changed: usually the CREATE has them and nothing is written. */
export async function repairLabels(
  task: InstanceTask,
  instance: ServiceInstance,
): Promise<Step<ServiceInstance>> {
  const { metadata, spec } = instance;
  const labels = labelCorrections(serviceInstances.kind, spec, metadata.labels);
  return labels === undefined ? goOn(instance) : goOn(await save(task, instance, { metadata: { labels } }));
}

async function save(
  task: InstanceTask,
  { metadata: { name, namespace = '', resourceVersion } }: ServiceInstance,
  patch: { readonly metadata: Fields; readonly spec?: Fields },
): Promise<ServiceInstance> {
  const saved = await task.client.patch<ServiceInstance>(
    serviceInstances,
    { namespace, name },
    { ...patch, metadata: { ...patch.metadata, resourceVersion } },
    { type: 'merge', signal: task.signal },
  );
  task.stores.serviceInstances.store.put(saved);
  return saved;
}

type Fields = Readonly<Record<string, unknown>>;

function adoptionPatch(
  instance: ServiceInstance,
  offering: Offering | undefined,
  newId: () => string,
): { readonly metadata: Fields; readonly spec?: Fields } | undefined {
  const refs = offering === undefined ? {} : offeringRefs(offering);
  const metadata = missingMetadata(instance, refs);
  const spec = missingSpec(instance, refs, newId);
  if (Object.keys(spec).length > 0) return { metadata, spec };
  return Object.keys(metadata).length > 0 ? { metadata } : undefined;
}

function missingSpec({ spec, status }: ServiceInstance, refs: object, newId: () => string): Fields {
  // Under another id the service that is there already would be lost.
  const wanted = { externalID: status?.instanceID || newId(), ...refs };
  return Object.fromEntries(Object.entries(wanted).filter(([field]) => !spec[field as keyof typeof spec]));
}

function missingMetadata(instance: ServiceInstance, refs: object): Fields {
  const { metadata, spec, status } = instance;
  const { finalizers = [] } = metadata;
  const isHeld = finalizers.includes(finalizer) || isAbandoned(instance);
  const labels = labelCorrections(serviceInstances.kind, copyLazily(spec, refs), metadata.labels);
  return {
    ...(isHeld ? {} : { finalizers: [...finalizers, finalizer] }),
    ...(labels === undefined ? {} : { labels }),
    // As the webhook marks it: an id that nobody gave.
    ...(spec.externalID || status?.instanceID ? {} : { annotations: { [idMadeAnnotation]: metadata.uid } }),
  };
}

/**
 * Somebody took the finalizer away and changed nothing else: the object is to go without a word to the broker, and
 * waits for its deletion. A spec that changed since is a wish again.
 */
function isAbandoned(instance: ServiceInstance): boolean {
  return mayBeAtBroker(instance) && instance.status?.observedGeneration === instance.metadata.generation;
}
