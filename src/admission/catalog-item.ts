import type { CatalogChange } from './catalog-change.ts';
import { setLabels } from './catalog-fields.ts';

/** Classes and plans that people write: a copy brings the labels of its original, a new one has none. */
export function mutateItem({ request, patch }: CatalogChange): void {
  setLabels(request.kind, patch);
}
