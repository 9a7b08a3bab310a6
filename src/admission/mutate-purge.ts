import { purgeAnnotation, purgeAskedByAnnotation } from '../api/group.ts';
import type { Logger } from '../base/logger.ts';
import { abandonedWith, type Abandonable } from '../model/abandoned.ts';
import { mayPurge, type Authorize } from './authorize.ts';
import { deny, ignored, patched, type Decision, type RequestContext } from './decision.ts';
import { ObjectPatch } from './object-patch.ts';
import type { AdmissionRequest } from './review.ts';

export interface MutatePurgeDeps {
  readonly authorize: Authorize;
  readonly logger: Logger;
}

/**
 * Somebody has an instance or a binding let go without its broker. That has a right of its own. Who asks is written down, for the
 * controller, and in the audit log what will be left at which broker.
 */
export async function mutatePurge(
  request: AdmissionRequest,
  { timeoutMs }: RequestContext,
  { authorize, logger }: MutatePurgeDeps,
): Promise<Decision> {
  const { kind, namespace, name, resource, user, object, oldObject } = request;
  if (object === undefined || oldObject === undefined || request.subResource !== '') return ignored;
  const patch = new ObjectPatch(object);
  const before = new ObjectPatch(oldObject);
  const path = ['metadata', 'annotations', purgeAnnotation];
  if (patch.value(...path) !== 'true' || before.value(...path) === 'true') return ignored;
  const by = user.username ?? '';
  if (!(await authorize(mayPurge(user, namespace, resource, name), timeoutMs))) {
    const message =
      `user ${JSON.stringify(by)} may not have ${kind} "${name}" let go without its broker: that needs the right to update ` +
      `${resource}/purge, which the ClusterRole bindery-purge has`;
    logger.info({ kind, namespace, name }, message);
    return deny(403, message);
  }
  patch.set(['metadata', 'annotations', purgeAskedByAnnotation], by);
  // What the API server has, and not what somebody writes of it.
  const left = abandonedWith(oldObject as unknown as Abandonable);
  return {
    ...patched(patch.operations),
    auditAnnotations: { purge: `${kind} ${namespace}/${name}: ${left}` },
  };
}
