import type { KubeClient } from './client.ts';
import type { Selection } from './query.ts';
import { namespaces as namespaceKind, type Resource } from './resources.ts';

/** Who lists, in some namespaces or in all. */
export type NamespacedLister = Pick<KubeClient, 'list'> & {
  readonly namespaces?: readonly string[] | undefined;
};

/** A part of a kind that is listed and watched by itself. */
export interface Place {
  /** Undefined for the whole kind. */
  readonly namespace: string | undefined;
  readonly selection: Selection;
}

/**
 * Where the objects of a selection are for who is limited to some namespaces: in each of these; the Namespaces themselves by
 * name; and nowhere, where a kind has no namespace and no object of it is named.
 * @param limit undefined for all namespaces
 */
export function placesOf(
  limit: readonly string[] | undefined,
  resource: Resource,
  selection: Selection,
): readonly Place[] {
  const { namespace, fieldSelector } = selection;
  if (limit === undefined || namespace !== undefined) return [{ namespace: undefined, selection }];
  if (resource.namespaced)
    return limit.map((each) => ({ namespace: each, selection: { ...selection, namespace: each } }));
  if (fieldSelector !== undefined) return [{ namespace: undefined, selection }];
  if (resource.kind !== namespaceKind.kind) return [];
  return limit.map((each) => ({
    namespace: each,
    selection: { ...selection, fieldSelector: `metadata.name=${each}` },
  }));
}
