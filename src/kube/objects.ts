import type { ObjectMeta } from '../base/object-meta.ts';

/** The part of every Kubernetes object that is the same for all kinds. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** An object before it is created: the name may be left to the server, review kinds have no metadata. */
export interface NewObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: Partial<ObjectMeta>;
}

/** One page of a list. `metadata.continue` is set when there is a next page. */
export interface KubeList<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

/** Names one object of a kind that is known from elsewhere. */
export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

/** `namespace/name`, or just `name` for a cluster-scoped object: the key of stores and work queues. */
export function objectKey(object: { readonly metadata: ObjectRef }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}
