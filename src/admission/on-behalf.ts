import { requestedForAnnotation } from '../api/group.ts';
import { markedIdentity } from '../api/requested-identity.ts';
import { isObject } from '../base/json.ts';
import type { CatalogChange } from './catalog-change.ts';

/**
 * What the controller makes for a workload, or changes for it, is asked for by the person whom the workload names, and the
 * broker is told that name. Only the controller may say so, only of an object whose mark gives its name, and only in words
 * that it wrote itself: nobody else can name another person.
 */
export function isOnBehalf({ request, patch, deps }: CatalogChange): boolean {
  if (!deps.isController(request)) return false;
  const asked = patch.object('spec', 'userInfo');
  const mark = patch.object('metadata', 'annotations')?.[requestedForAnnotation];
  return (
    isObject(asked) &&
    Boolean(asked['username']) &&
    markedIdentity(request, typeof mark === 'string' ? mark : undefined) !== undefined
  );
}
