import { labelCorrections } from '../api/labels.ts';
import type { Store } from '../control/store.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Resource } from '../kube/resources.ts';
import type { AnyItem } from './scope.ts';

/**
 * Gives a class or plan the query labels that follow from its spec, whoever made it, and whether the admission webhook
 * was there or not. Usually nothing is wrong and nothing is written.
 */
export async function repairLabels<T extends AnyItem>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource,
  store: Store<T>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const item = store.get(key);
  const labels = item && wrongLabels(resource, item);
  if (item === undefined || labels === undefined) return;
  const { name, namespace, resourceVersion } = item.metadata;
  const ref = namespace === undefined ? { name } : { namespace, name };
  try {
    const patch = { metadata: { resourceVersion, labels } };
    store.put(await client.patch<T>(resource, ref, patch, { type: 'merge', signal }));
  } catch (error) {
    // Whatever changed it will bring it here again.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** What is wrong with the query labels of a class or plan; undefined when nothing is. */
export function wrongLabels(
  { kind }: Pick<Resource, 'kind'>,
  { metadata, spec }: AnyItem,
): Readonly<Record<string, string | null>> | undefined {
  return labelCorrections(kind, spec, metadata.labels);
}
