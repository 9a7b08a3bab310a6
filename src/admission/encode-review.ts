import { printable } from '../base/printable.ts';
import type { Decision } from './decision.ts';
import type { ReviewVersion } from './review.ts';

/** The patch of a decision as JSON text; undefined when there is nothing to patch. */
export function encodePatch({ patch }: Decision): string | undefined {
  return patch === undefined || patch.length === 0 ? undefined : JSON.stringify(patch);
}

/**
 * The answer, as JSON text. The uid is echoed and the patch is base64, both as the API demands; `patch` and
 * `patchType` come together or not at all.
 * @param patch what `encodePatch` makes of the decision
 */
export function encodeReview(
  version: ReviewVersion,
  uid: string,
  decision: Decision,
  patch: string | undefined,
): string {
  let response = `{"uid":${JSON.stringify(uid)},"allowed":${decision.allowed}`;
  if (patch !== undefined) {
    response += `,"patchType":"JSONPatch","patch":"${Buffer.from(patch).toString('base64')}"`;
  }
  if (!decision.allowed) {
    const { code = 403, message = 'denied' } = decision;
    const shown = message.split('\n').map(printable).join('\n');
    response += `,"status":${JSON.stringify({ status: 'Failure', code, message: shown })}`;
  }
  if (decision.warnings !== undefined && decision.warnings.length > 0) {
    response += `,"warnings":${JSON.stringify(decision.warnings.map(printable))}`;
  }
  if (decision.auditAnnotations !== undefined) {
    response += `,"auditAnnotations":${JSON.stringify(decision.auditAnnotations)}`;
  }
  return `{"apiVersion":"admission.k8s.io/${version}","kind":"AdmissionReview","response":${response}}}`;
}
