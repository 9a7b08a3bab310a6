import { apiVersion, idMadeAnnotation, secretsReadByAnnotation } from '../api/group.ts';
import { ObjectPatch } from './object-patch.ts';
import type { AdmissionRequest } from './review.ts';

/** Field manager of marks that the admission webhook writes. */
export const webhookFieldManager = 'bindery-webhook';

/** Nobody writes them but the webhook, and nobody could write them anew. */
const marks: readonly string[] = [idMadeAnnotation, secretsReadByAnnotation];

/**
 * Has the marks that are written here belong to somebody. The API server notes managers before it asks webhooks, so what these
 * add belongs to nobody, and goes with the map that it is in when whoever owns that leaves it out: `kubectl apply` owns all
 * annotations of what it made, and the first server-side apply after it takes that over. What somebody else owns stays.
 */
export function ownMarks({ object }: AdmissionRequest, patch: ObjectPatch): void {
  // Without a list nobody is noted for this object; whoever made it wanted it so.
  if (!Array.isArray(patch.value('metadata', 'managedFields'))) return;
  const written = marks.filter(
    (key) => patch.value('metadata', 'annotations', key) !== undefined && !isWrittenBy(object, key),
  );
  if (written.length === 0) return;
  const fields = Object.fromEntries(written.map((key) => [`f:${key}`, {}]));
  patch.append(['metadata', 'managedFields'], {
    manager: webhookFieldManager,
    operation: 'Update',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:metadata': { 'f:annotations': fields } },
  });
}

/** The request has it itself. */
function isWrittenBy(object: AdmissionRequest['object'], key: string): boolean {
  return new ObjectPatch(object ?? {}).value('metadata', 'annotations', key) !== undefined;
}
