import { brokerAnnotations } from '../../api/broker-annotations.ts';
import type { ClusterServiceBroker } from '../../api/generated/cluster-service-broker.ts';
import type { ServiceBinding } from '../../api/generated/service-binding.ts';
import type { ServiceBroker } from '../../api/generated/service-broker.ts';
import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { configMaps, secrets, type Resource } from '../../kube/resources.ts';

/** A Secret or ConfigMap that an object names, and that is not ours. */
export interface NamedData {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

interface Ref {
  readonly namespace?: string;
  readonly name: string;
}

/** What a broker is reached with: credentials and authorities. */
export function dataOfBroker({ metadata, spec }: ClusterServiceBroker | ServiceBroker): readonly NamedData[] {
  const own = metadata.namespace;
  const { basic, bearer } = spec.authInfo ?? {};
  const inSpec: readonly (Ref | undefined)[] = [basic?.secretRef, bearer?.secretRef];
  const annotated = (key: string): Ref | undefined => refOf(metadata.annotations?.[key]);
  const { caSecret, caConfigMap, clientCertificateSecret, oauth2Secret } = brokerAnnotations;
  const named = [...inSpec, ...[caSecret, clientCertificateSecret, oauth2Secret].map(annotated)];
  return [...of(secrets, own, named), ...of(configMaps, own, [annotated(caConfigMap)])];
}

/** Parameters from Secrets. */
export function dataOfInstance({ metadata, spec }: ServiceInstance): readonly NamedData[] {
  return of(
    secrets,
    metadata.namespace,
    (spec.parametersFrom ?? []).map(({ secretKeyRef }) => secretKeyRef),
  );
}

/** Parameters from Secrets, and Secrets of which keys are copied, in whatever namespace. */
export function dataOfBinding({ metadata, spec }: ServiceBinding): readonly NamedData[] {
  const parameters = (spec.parametersFrom ?? []).map(({ secretKeyRef }) => secretKeyRef);
  const copied = (spec.secretTransforms ?? []).flatMap(({ addKeysFrom }) => addKeysFrom?.secretRef ?? []);
  return [
    ...of(secrets, metadata.namespace, parameters),
    ...copied.map((ref) => ({ resource: secrets, ...whole(ref) })),
  ];
}

/** `own`: the namespace of the object, which wins over what it says. */
function of(
  resource: Resource,
  own: string | undefined,
  refs: readonly (Ref | undefined)[],
): readonly NamedData[] {
  return refs.flatMap((ref) => {
    const named = ref && whole({ ...ref, namespace: own ?? ref.namespace ?? '' });
    return named?.name && named.namespace ? [{ resource, ...named }] : [];
  });
}

function whole({ namespace = '', name }: Ref): { readonly namespace: string; readonly name: string } {
  return { namespace, name };
}

/** `name` or `namespace/name`; `:key` may follow. */
function refOf(text: string | undefined): Ref | undefined {
  const [first = '', second] = (text ?? '').split(':', 1)[0]?.split('/') ?? [];
  if (first === '') return undefined;
  return second === undefined ? { name: first } : { namespace: first, name: second };
}
