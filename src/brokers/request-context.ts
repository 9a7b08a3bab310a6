import type { JsonObject } from '../base/json.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { ContextAnnotations } from './context-annotations.ts';

export interface RequestOrigin {
  /** See cluster-id.ts. */
  readonly clusterId: string;
  /** The Namespace object of the instance. */
  readonly namespace: KubeObject;
  readonly instanceName: string;
  /** Which annotations the broker is shown; none without it. */
  readonly annotations?:
    | {
        readonly shown: ContextAnnotations;
        readonly ofInstance: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
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
 */
export function contextOf({
  clusterId,
  namespace,
  instanceName,
  annotations,
}: RequestOrigin): RequestContext {
  const { name, uid } = namespace.metadata;
  const spaceGuid = uid ?? name;
  return {
    context: {
      platform: 'kubernetes',
      clusterid: clusterId,
      namespace: name,
      instance_name: instanceName,
      ...(annotations === undefined
        ? {}
        : {
            namespace_annotations: annotations.shown(namespace.metadata.annotations),
            instance_annotations: annotations.shown(annotations.ofInstance),
          }),
    },
    organizationGuid: clusterId,
    spaceGuid,
    appGuid: spaceGuid,
  };
}
