import type { ServiceInstance } from '../api/generated/service-instance.ts';
import { finalizer } from '../api/group.ts';
import { serviceInstances } from '../api/kinds.ts';
import { instanceLabels } from '../api/labels.ts';
import { offeringRefs } from '../control/offering-refs.ts';
import { resolveOffering, userSpecifiedNames, type Offering } from '../control/resolve.ts';
import { goOn, stop, type Step } from '../control/steps.ts';
import type { InstanceTask } from './instance-task.ts';
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
  if (resolution.kind === 'unresolved') {
    const names = userSpecifiedNames(instance.spec);
    // No timer: the instance is looked at again when a class or a plan appears.
    await saveInstance(
      task,
      instance,
      {
        kind: 'working',
        reason: resolution.reason,
        message: resolution.message,
        usable: isProvisioned(instance),
      },
      { userSpecifiedClassName: names.class, userSpecifiedPlanName: names.plan },
    );
    return stop;
  }

  const patch = adoptionPatch(instance, resolution.offering, task.newId);
  if (patch === undefined) return goOn(instance);
  const { name, namespace, resourceVersion } = instance.metadata;
  const adopted = await task.client.patch<ServiceInstance>(
    serviceInstances,
    namespace === undefined ? { name } : { namespace, name },
    { ...patch, metadata: { ...patch.metadata, resourceVersion } },
    { type: 'merge', signal: task.signal },
  );
  task.stores.serviceInstances.store.put(adopted);
  return goOn(adopted);
}

function adoptionPatch(
  { metadata, spec }: ServiceInstance,
  offering: Offering,
  newId: () => string,
): { readonly metadata: Record<string, unknown>; readonly spec?: Record<string, unknown> } | undefined {
  const missingSpec: Record<string, unknown> = {};
  if (!spec.externalID) missingSpec['externalID'] = newId();
  const refs = offeringRefs(offering);
  for (const [field, ref] of Object.entries(refs)) {
    const known: unknown = spec[field as keyof typeof spec];
    if (known === undefined || known === null) missingSpec[field] = ref;
  }

  const missingMetadata: Record<string, unknown> = {};
  if (!metadata.finalizers?.includes(finalizer)) {
    missingMetadata['finalizers'] = [...(metadata.finalizers ?? []), finalizer];
  }
  const labels = Object.entries(instanceLabels({ ...spec, ...refs })).filter(
    ([key, value]) => metadata.labels?.[key] !== value,
  );
  if (labels.length > 0) missingMetadata['labels'] = Object.fromEntries(labels);

  const hasSpec = Object.keys(missingSpec).length > 0;
  if (!hasSpec && Object.keys(missingMetadata).length === 0) return undefined;
  return hasSpec ? { metadata: missingMetadata, spec: missingSpec } : { metadata: missingMetadata };
}

function isProvisioned(instance: ServiceInstance): boolean {
  return instance.status?.provisionStatus === 'Provisioned';
}
