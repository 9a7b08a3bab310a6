import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance, ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { apiVersion, generatedLabel, requestedForAnnotation } from '../api/group.ts';
import { serviceBindings, serviceInstances } from '../api/kinds.ts';
import type { Logger } from '../base/logger.ts';
import type { ReconcileResult } from '../control/controller.ts';
import type { Store } from '../control/store.ts';
import { scoped, type Stores } from '../model/stores.ts';
import type { KubeClient } from '../kube/client.ts';
import {
  isAlreadyExists,
  isApiError,
  isNamespaceTerminating,
  isNotFound,
  type KubeApiError,
} from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { objectKey, type KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { isNamespaceServed } from '../model/scope.ts';
import { liveView } from './live-view.ts';
import { unwantedServices } from './unwanted-services.ts';
import {
  admittedServices,
  parametersOf,
  type Wanted,
  type WantedInstance,
  type WantedServices,
} from './wanted-services.ts';
import type { WishedObject } from './wishes.ts';
import type { RawWorkload, Workload } from './workload.ts';

export interface WorkloadDeps {
  readonly client: KubeClient;
  readonly stores: Stores;
  /** Each with an index `namespace`. */
  readonly workloads: readonly { readonly store: Pick<Store<Workload, RawWorkload>, 'byIndex'> }[];
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** Bindery's own. */
  readonly namespace: string;
}

/** When a workload is known and its namespace is not. */
const lookAgainMs = 1_000;

/**
 * Brings the generated instances and bindings of one namespace in line with what its workloads ask for. All of a
 * namespace at once, because equal requests share one service: it goes when the last of them goes. What is refused holds up
 * nothing else: it is told on the workloads that ask for it, and tried again by the controller's back-off.
 */
export function workloadReconciler(
  deps: WorkloadDeps,
): (namespace: string, signal: AbortSignal) => Promise<ReconcileResult | undefined> {
  return async (namespace, signal) => {
    const workloads = deps.workloads.flatMap(({ store }) => store.byIndex('namespace', namespace));
    const { serviceInstances: instances, serviceBindings: bindings } = deps.stores;
    const generated = instances.store.byIndex('generated', namespace);

    // A terminating namespace takes no new objects, and its deletion removes what is there.
    const known = deps.stores.namespaces.store.get(namespace);
    if (known?.metadata.deletionTimestamp !== undefined) return undefined;
    const isServed =
      known !== undefined && isNamespaceServed(namespace, known.metadata.labels, deps.namespace);
    const wanted = admittedServices(workloads, isServed);
    const [refusal] = await makeWanted(deps, namespace, wanted, signal);
    const unwanted = unwantedServices({
      workloads,
      instances: generated,
      bindings: bindings.store.byIndex('generated', namespace),
      users: generated.flatMap((instance) => bindings.store.byIndex('instance', objectKey(instance))),
    });
    if (unwanted.bindings.length + unwanted.instances.length > 0)
      await removeUnwanted(deps, namespace, signal);
    if (refusal !== undefined) throw refusal;
    // The watch of workloads may be ahead of that of namespaces.
    return known === undefined && workloads.length > 0 ? { requeueAfterMs: lookAgainMs } : undefined;
  };
}

/** Makes what is not there yet. Gives what the API server refused; what it refuses stops nothing else. */
async function makeWanted(
  deps: WorkloadDeps,
  namespace: string,
  wanted: WantedServices,
  signal: AbortSignal,
): Promise<readonly KubeApiError[]> {
  const { serviceInstances: instances, serviceBindings: bindings } = deps.stores;
  const refused = new Map<string, KubeApiError>();
  for (const instance of wanted.instances.values()) {
    if (instances.store.get(scoped(namespace, instance.request.name)) !== undefined) continue;
    const refusal = await make(
      deps,
      serviceInstances,
      instanceOf(deps, namespace, instance),
      instance,
      signal,
    );
    if (refusal !== undefined) refused.set(instance.request.name, refusal);
  }
  for (const binding of wanted.bindings.values()) {
    if (bindings.store.get(scoped(namespace, binding.login.name)) !== undefined) continue;
    if (refused.has(binding.instance)) continue;
    const refusal = await make(deps, serviceBindings, bindingOf(namespace, binding), binding, signal);
    if (refusal !== undefined) refused.set(binding.login.name, refusal);
  }
  return [...refused.values()];
}

/** What is removed takes its data along. So it is decided once more, on what the API server says now. */
async function removeUnwanted(deps: WorkloadDeps, namespace: string, signal: AbortSignal): Promise<void> {
  const unwanted = unwantedServices(await liveView(deps.client, namespace, signal));
  for (const binding of unwanted.bindings) await remove(deps, serviceBindings, binding, signal);
  for (const instance of unwanted.instances) await remove(deps, serviceInstances, instance, signal);
}

/**
 * Gives the refusal, if there is one; it is told on the workloads, because nobody who annotated one reads the log of this
 * program.
 * @throws what is no answer of the API server: then nothing else needs to be tried either
 */
async function make(
  deps: WorkloadDeps,
  resource: Resource,
  object: KubeObject,
  { askedBy }: Wanted,
  signal: AbortSignal,
): Promise<KubeApiError | undefined> {
  const { namespace, name } = object.metadata;
  const { kind } = resource;
  try {
    await deps.client.create(resource, object, { signal });
    deps.logger.info({ kind, namespace, name }, 'made for an annotated workload');
  } catch (error) {
    // Seen by the watch in a moment, or made by a person under the same name: it serves as well.
    if (isAlreadyExists(error) || isNamespaceTerminating(error)) return undefined;
    if (!isApiError(error)) throw error;
    const message = `${kind} "${name}" can not be made; it is tried again: ${error.message}`;
    for (const workload of askedBy) deps.events.record(workload, 'Warning', 'Blocked', message);
    return error;
  }
  return undefined;
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

function instanceOf(deps: WorkloadDeps, namespace: string, wanted: WantedInstance): ServiceInstance {
  return {
    apiVersion,
    kind: serviceInstances.kind,
    metadata: metadataOf(namespace, wanted.request),
    spec: {
      ...classSelector(deps.stores, namespace, wanted.request),
      ...parametersOf(wanted),
    },
  };
}

/** Parameters of a request are those of its instance. */
function bindingOf(namespace: string, wanted: Wanted): ServiceBinding {
  return {
    apiVersion,
    kind: serviceBindings.kind,
    metadata: metadataOf(namespace, wanted.login),
    spec: {
      instanceRef: { name: wanted.instance },
      secretName: wanted.login.name,
      ...(wanted.request === undefined ? parametersOf(wanted) : {}),
    },
  };
}

function metadataOf(namespace: string, { name, mark }: WishedObject): KubeObject['metadata'] {
  return {
    namespace,
    name,
    labels: { [generatedLabel]: 'true' },
    annotations: { [requestedForAnnotation]: mark },
  };
}

/** A class of the namespace's own brokers comes before one of the cluster's. */
function classSelector(
  stores: Stores,
  namespace: string,
  wanted: WantedInstance['request'],
): ServiceInstanceSpec {
  const isOwn =
    stores.serviceClasses.store.byIndex('externalName', scoped(namespace, wanted.class)).length > 0;
  return isOwn
    ? { serviceClassExternalName: wanted.class, servicePlanExternalName: wanted.plan }
    : { clusterServiceClassExternalName: wanted.class, clusterServicePlanExternalName: wanted.plan };
}
