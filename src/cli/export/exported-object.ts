import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import {
  adoptAnnotation,
  idMadeAnnotation,
  labelPrefix,
  reclaimAtAnnotation,
  secretsReadByAnnotation,
} from '../../api/group.ts';
import { serviceInstances } from '../../api/kinds.ts';
import { isNamedAfter } from '../../api/names.ts';
import { builtInBrokerName } from '../../api/user-provided.ts';
import { compact } from '../../base/compact.ts';
import type { ConfigMapObject, SecretObject } from '../../kube/data-objects.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { apiVersionOf, type Resource } from '../../kube/resources.ts';
import type { AnyClass, AnyPlan } from '../plan-report.ts';
import type { Standing } from './standing.ts';

/** An object as a manifest has it: nothing that only the API server, or a cluster that it was in, can know. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Written for this object, by those who serve it; they write their own in another cluster. */
const ownAnnotations: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  idMadeAnnotation,
  reclaimAtAnnotation,
  secretsReadByAnnotation,
];
/** They follow from the spec. */
const queryLabelPrefix = `${labelPrefix}spec.`;

type Data = ConfigMapObject &
  Pick<SecretObject, 'type'> & { readonly binaryData?: unknown; readonly immutable?: boolean };

export function specManifest(resource: Resource, object: KubeObject & { readonly spec: object }): Manifest {
  return { ...head(resource, object), spec: object.spec };
}

/** A Secret or a ConfigMap. Who owned it is not there any more, and would have it collected. */
export function dataManifest(resource: Resource, object: Data): Manifest {
  const { type, data, binaryData, immutable } = object;
  return { ...head(resource, object), ...compact({ type, data, binaryData, immutable }) };
}

/** Who asked is whoever applies it: others need the right to impersonate. */
export function servedManifest(
  resource: Resource,
  object: ServiceInstance | ServiceBinding,
  { way, id }: Standing,
): Manifest {
  const { userInfo: _, externalID: __, ...spec } = object.spec;
  const { metadata, ...rest } = head(resource, object);
  const isAdopted = resource.kind === serviceInstances.kind && way === 'adopt' && Boolean(id);
  const annotations = { ...metadata.annotations, ...(isAdopted ? { [adoptAnnotation]: 'true' } : {}) };
  return {
    ...rest,
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec: compact({ ...spec, externalID: id }),
  };
}

/** Made by hand, or with settings of people on it: everything else comes with the catalog of its broker. */
export function isKeptItem({ metadata, spec }: AnyClass | AnyPlan): boolean {
  const broker = 'clusterServiceBrokerName' in spec ? spec.clusterServiceBrokerName : spec.serviceBrokerName;
  if (broker === builtInBrokerName) return false;
  const settings = keptEntries(metadata.annotations, (key) => ownAnnotations.includes(key));
  return (
    !isNamedAfter(spec.externalID, metadata.name) ||
    settings !== undefined ||
    Object.keys(spec.defaultProvisionParameters ?? {}).length > 0
  );
}

function head(
  resource: Resource,
  { metadata }: KubeObject,
): Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'> {
  const { name, namespace } = metadata;
  const labels = keptEntries(metadata.labels, (key) => key.startsWith(queryLabelPrefix));
  const annotations = keptEntries(metadata.annotations, (key) => ownAnnotations.includes(key));
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: compact({ name, namespace, labels, annotations }),
  };
}

function keptEntries(
  all: Readonly<Record<string, string>> | undefined,
  isLeftOut: (key: string) => boolean,
): Readonly<Record<string, string>> | undefined {
  const kept = Object.entries(all ?? {}).filter(([key]) => !isLeftOut(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
