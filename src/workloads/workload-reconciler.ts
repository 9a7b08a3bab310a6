import { serviceBindings, serviceInstances } from '../api/kinds.ts';
import type { ReconcileResult } from '../control/controller.ts';
import { isNotFound } from '../kube/errors.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { liveView } from './live-view.ts';
import { serviceMaker } from './make-services.ts';
import { oldServiceReporter } from './old-services.ts';
import { unwantedServices } from './unwanted-services.ts';
import type { WorkloadDeps } from './workload-deps.ts';
import type { Workload } from './workload.ts';

/**
 * Brings the generated instances and bindings of one namespace in line with what its workloads ask for. All of a
 * namespace at once, because workloads may share a service: it goes when the last of them goes. What is refused holds up
 * nothing else: it is told on the workloads that ask for it, and tried again with a back-off of its own.
 */
export function workloadReconciler(
  deps: WorkloadDeps,
): (namespace: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  const makeServices = serviceMaker(deps);
  const reportOldServices = oldServiceReporter(deps);
  return async (namespace, signal) => {
    // A terminating namespace takes no new objects, and its deletion removes what is there.
    const known = deps.stores.namespaces.store.get(namespace);
    if (known?.metadata.deletionTimestamp !== undefined) return undefined;
    const workloads = deps.workloads.flatMap(({ store }) => store.byIndex('namespace', namespace));

    reportOldServices(namespace);
    const requeueAfterMs = await makeServices(namespace, workloads, signal);
    await removeUnwanted(deps, namespace, workloads, signal);
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  };
}

/** What is removed takes its data along. So it is decided once more, on what the API server says now. */
async function removeUnwanted(
  deps: WorkloadDeps,
  namespace: string,
  workloads: readonly Workload[],
  signal: AbortSignal,
): Promise<void> {
  const { serviceInstances: instances, serviceBindings: bindings } = deps.stores;
  const generated = instances.store.byIndex('generated', namespace);
  const seen = unwantedServices({
    workloads,
    instances: generated,
    bindings: bindings.store.byIndex('generated', namespace),
    users: generated.flatMap((instance) => bindings.store.byIndex('instance', objectKey(instance))),
  });
  if (seen.bindings.length + seen.instances.length === 0) return;
  const unwanted = unwantedServices(await liveView(deps.client, namespace, signal));
  for (const binding of unwanted.bindings) await remove(deps, serviceBindings, binding, signal);
  for (const instance of unwanted.instances) await remove(deps, serviceInstances, instance, signal);
}

/** @throws KubeApiError 409 when the object is not the one any more that was looked at: look again */
async function remove(
  deps: WorkloadDeps,
  resource: Resource,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, uid, resourceVersion } = object.metadata;
  try {
    await deps.client.delete(resource, { namespace, name }, { uid, resourceVersion, signal });
    deps.logger.info({ kind: resource.kind, namespace, name }, 'removed: no workload asks for it any more');
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
