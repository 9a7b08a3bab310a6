import type { ServiceBinding } from '../api/generated/service-binding.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { objectKey } from '../kube/objects.ts';

/** An instance by its place: there may be none, or one that is not meant for whoever names it. */
export interface InstancePlace {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Which instance a binding is of. Nothing else reads `spec.instanceRef` (lint refuses it): a name alone is not an instance,
 * as each namespace may have one of that name.
 */
export function instanceOf({ metadata, spec }: Pick<ServiceBinding, 'metadata' | 'spec'>): InstancePlace {
  return { namespace: metadata.namespace ?? '', name: spec.instanceRef.name };
}

/** The same as "namespace/name": the key of the store of instances, and of the index `instance` of bindings. */
export function instanceKeyOf(binding: Pick<ServiceBinding, 'metadata' | 'spec'>): string {
  return objectKey({ metadata: instanceOf(binding) });
}

/** The same for a binding that is being written, before anything is known of its form; undefined when it names none. */
export function instanceAsked(namespace: string, { instanceRef }: JsonObject): InstancePlace | undefined {
  const name = isObject(instanceRef) ? instanceRef['name'] : undefined;
  return typeof name === 'string' && name !== '' ? { namespace, name } : undefined;
}
