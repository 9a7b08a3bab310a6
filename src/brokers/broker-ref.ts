/** Names one broker object, cluster-scoped or namespaced. */
export interface BrokerRef {
  readonly kind: 'ClusterServiceBroker' | 'ServiceBroker';
  /** Only for a ServiceBroker. */
  readonly namespace?: string;
  readonly name: string;
}

/** A broker, class or plan of either scope, as far as it tells which broker it belongs to. */
export interface BrokerOwned {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
}

/** The broker that a class or plan comes from, or the broker itself. */
export function brokerRefOf(object: BrokerOwned): BrokerRef {
  const { name, namespace } = object.metadata;
  const spec = object.spec as { clusterServiceBrokerName?: string; serviceBrokerName?: string };
  if (spec.clusterServiceBrokerName !== undefined) {
    return { kind: 'ClusterServiceBroker', name: spec.clusterServiceBrokerName };
  }
  const brokerName = spec.serviceBrokerName ?? name;
  return namespace === undefined
    ? { kind: 'ClusterServiceBroker', name: brokerName }
    : { kind: 'ServiceBroker', namespace, name: brokerName };
}

/** The same broker, not only the same name. */
export function isSameBroker(left: BrokerRef, right: BrokerRef): boolean {
  return left.kind === right.kind && brokerKey(left) === brokerKey(right);
}

/** The broker object's key in its store: "name" or "namespace/name". */
export function brokerKey(ref: BrokerRef): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The inverse of `brokerKey`: a key with a namespace is a ServiceBroker's. */
export function brokerRefFromKey(key: string): BrokerRef {
  const slash = key.indexOf('/');
  return slash < 0
    ? { kind: 'ClusterServiceBroker', name: key }
    : { kind: 'ServiceBroker', namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** For messages: `ClusterServiceBroker "a"` or `ServiceBroker "ns/b"`. */
export function describeBroker(ref: BrokerRef): string {
  return `${ref.kind} "${brokerKey(ref)}"`;
}
