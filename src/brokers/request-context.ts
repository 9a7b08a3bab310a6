import type { JsonObject } from '../base/json.ts';
import type { KubeObject } from '../kube/objects.ts';

export interface RequestOrigin {
  /** See cluster-id.ts. */
  readonly clusterId: string;
  /** The Namespace object of the instance. */
  readonly namespace: KubeObject;
  readonly instanceName: string;
}

/** Where a request comes from, in the words of OSB. */
export interface RequestContext {
  readonly context: JsonObject;
  /** Deprecated by OSB and still required in PUT /v2/service_instances; never empty. */
  readonly organizationGuid: string;
  readonly spaceGuid: string;
  /** `bind_resource.app_guid` of bindings. */
  readonly appGuid: string;
}

/**
 * The context object of the Kubernetes profile, and the deprecated ids as Service Catalog always sent them:
 * organisation = cluster, space and application = the namespace's uid. Existing brokers key their records on these.
 * Annotations of namespace and instance are not sent: `kubectl apply` keeps a copy of the parameters in one of them.
 */
export function contextOf({ clusterId, namespace, instanceName }: RequestOrigin): RequestContext {
  const { name, uid } = namespace.metadata;
  const spaceGuid = uid ?? name;
  return {
    context: { platform: 'kubernetes', clusterid: clusterId, namespace: name, instance_name: instanceName },
    organizationGuid: clusterId,
    spaceGuid,
    appGuid: spaceGuid,
  };
}
