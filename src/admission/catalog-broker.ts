import type { CatalogChange } from './catalog-change.ts';
import { keepCounter, keepMetadata } from './catalog-fields.ts';

/** Brokers, of the cluster and of a namespace: finalizer, default behaviour, and a counter that does not go back. */
export function mutateBroker(change: CatalogChange): void {
  const { isCreation, spec, oldSpec, patch } = change;
  keepMetadata(change);
  if (!isCreation) keepCounter('relistRequests', spec, oldSpec, patch);
  // Clients of the original service catalog send the empty text.
  if (!spec['relistBehavior']) patch.set(['spec', 'relistBehavior'], 'Duration');
}
