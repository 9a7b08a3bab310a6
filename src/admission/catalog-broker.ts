import { finalizer } from '../api/group.ts';
import type { CatalogChange } from './catalog-change.ts';
import { keepCounter } from './catalog-fields.ts';

/** Brokers, of the cluster and of a namespace: finalizer, default behaviour, and a counter that does not go back. */
export function mutateBroker({ isCreation, spec, oldSpec, patch }: CatalogChange): void {
  if (isCreation) patch.append(['metadata', 'finalizers'], finalizer);
  else keepCounter('relistRequests', spec, oldSpec, patch);
  // Clients of the original service catalog send the empty text.
  if (!spec['relistBehavior']) patch.set(['spec', 'relistBehavior'], 'Duration');
}
