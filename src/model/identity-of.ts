import { requestedForAnnotation } from '../api/group.ts';
import { markedIdentity, type RequestedIdentity, type WorkloadRef } from '../api/requested-identity.ts';
import { memoized } from '../base/memo.ts';
import type { KubeObject } from '../kube/objects.ts';

/** For what it was made; undefined when not for a workload. Only who may delete the object can set that. */
export const identityOf: (object: KubeObject) => RequestedIdentity | undefined = memoized(
  ({ metadata }: KubeObject) => markedIdentity(metadata, metadata.annotations?.[requestedForAnnotation]),
);

/** Key of the index `owner`. No part of it can hold a slash but the last. */
export function ownerKey(namespace: string, { kind, name }: WorkloadRef): string {
  return `${namespace}/${kind}/${name}`;
}
