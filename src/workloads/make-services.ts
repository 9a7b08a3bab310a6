import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { ServiceInstance, ServiceInstanceSpec } from '../api/generated/service-instance.ts';
import { apiVersion, generatedLabel, requestedForAnnotation } from '../api/group.ts';
import { serviceBindings, serviceInstances } from '../api/kinds.ts';
import { scoped, type Stores } from '../model/stores.ts';
import { isAlreadyExists, isApiError, isNamespaceTerminating, type KubeApiError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Resource } from '../kube/resources.ts';
import { isNamespaceServed } from '../model/scope.ts';
import { admittedServices, parametersOf, type Wanted, type WantedInstance } from './wanted-services.ts';
import type { WishedObject } from './wishes.ts';
import type { WorkloadDeps } from './workload-deps.ts';
import type { Workload } from './workload.ts';

/** Makes what is not there yet. Gives what the API server refused; what it refuses stops nothing else. */
export async function makeServices(
  deps: WorkloadDeps,
  namespace: string,
  workloads: readonly Workload[],
  signal: AbortSignal,
): Promise<readonly KubeApiError[]> {
  const { serviceInstances: instances, serviceBindings: bindings, namespaces } = deps.stores;
  const known = namespaces.store.get(namespace);
  const isServed = known !== undefined && isNamespaceServed(namespace, known.metadata.labels, deps.namespace);
  const wanted = admittedServices(workloads, isServed);
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
