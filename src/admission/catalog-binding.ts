import { secretsReadByAnnotation } from '../api/group.ts';
import { isEmpty, keepFilledIn, keepMetadata, setExternalId, userInfoOf } from './catalog-fields.ts';
import type { CatalogChange } from './catalog-change.ts';
import { isOnBehalf } from './on-behalf.ts';
import { copiedSecrets } from './secret-references.ts';

/** ServiceBindings: their spec is written once, so what is filled in at creation stays. */
export function mutateBinding(change: CatalogChange): void {
  const { request, isCreation, spec, oldSpec, patch } = change;
  keepMetadata(change);
  if (!isCreation) {
    keepFilledIn(['externalID', 'secretName'], spec, oldSpec, patch);
    // Nobody can change who asked, neither to somebody else nor to nobody.
    if (oldSpec['userInfo'] !== undefined) patch.set(['spec', 'userInfo'], oldSpec['userInfo']);
    else patch.remove(['spec', 'userInfo']);
    return;
  }
  setExternalId(change);
  // With generateName there is no name yet; the controller falls back to it later.
  if (isEmpty(spec['secretName']) && request.name !== '') patch.set(['spec', 'secretName'], request.name);
  if (!isOnBehalf(change)) patch.set(['spec', 'userInfo'], userInfoOf(request.user));
  setWhoReads(change);
}

/** Whoever is granted the request may read what it copies: `mutate-catalog.ts` has asked. What a manifest says is not believed. */
function setWhoReads({ request, spec, patch, deps }: CatalogChange): void {
  const path = ['metadata', 'annotations', secretsReadByAnnotation];
  const isChecked = copiedSecrets(spec).length > 0 && !deps.isController(request);
  if (isChecked && request.user.username) patch.set(path, request.user.username);
  else patch.remove(path);
}
