import type { KubeObject } from '../kube/objects.ts';

type Metadata = KubeObject['metadata'];

/** All of an object but what nobody looks at. */
export function keptWhole<T extends KubeObject>(object: T): T {
  const metadata = withoutManagedFields(object.metadata);
  return metadata === object.metadata ? object : { ...object, metadata };
}

/** `managedFields` are a third of most objects. They may be large, and are not even looked at. */
export function withoutManagedFields(metadata: Metadata): Metadata {
  if (!('managedFields' in metadata)) return metadata;
  const fields = metadata as unknown as Readonly<Record<string, unknown>>;
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) if (key !== 'managedFields') kept[key] = fields[key];
  return kept as unknown as Metadata;
}
