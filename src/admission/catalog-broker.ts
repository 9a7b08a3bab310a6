import type { CatalogChange } from './catalog-change.ts';
import { isEmpty, keepCounter, keepMetadata } from './catalog-fields.ts';
import type { ObjectPatch } from './object-patch.ts';

/** Brokers, of the cluster and of a namespace: finalizer, default behaviour, and a counter that does not go back. */
export function mutateBroker(change: CatalogChange): void {
  const { request, isCreation, spec, oldSpec, patch, warn } = change;
  keepMetadata(change);
  if (request.kind === 'ServiceBroker') warnOfNamespaces(request.namespace, patch, warn);
  if (!isCreation) keepCounter('relistRequests', spec, oldSpec, patch);
  // Clients of the original service catalog send the empty text.
  if (!spec['relistBehavior']) patch.set(['spec', 'relistBehavior'], 'Duration');
}

/** The Secret of a ServiceBroker is in its own namespace, whatever a manifest says that was one of a cluster-wide broker. */
function warnOfNamespaces(own: string, patch: ObjectPatch, warn: (message: string) => void): void {
  for (const kind of ['basic', 'bearer']) {
    const path = ['spec', 'authInfo', kind, 'secretRef', 'namespace'];
    const namespace = patch.value(...path);
    if (isEmpty(namespace) || namespace === own) continue;
    warn(`${path.join('.')} is ignored: the Secret of a ServiceBroker is in its own namespace, "${own}"`);
  }
}
