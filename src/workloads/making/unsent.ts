import type { ServiceInstance } from '../../api/generated/service-instance.ts';
import { hasGivenId } from '../../model/given-id.ts';

/**
 * No broker has ever heard of it, so that it can be made anew without a loss. An id that came with the object, as from a
 * backup, may be known to one whatever the status says.
 */
export function isUnsent(instance: ServiceInstance): boolean {
  const { spec, status = {} } = instance;
  const isOnRecord =
    Boolean(status.currentOperation) ||
    Boolean(status.inProgressProperties) ||
    Boolean(status.externalProperties) ||
    status.orphanMitigationInProgress === true ||
    status.asyncOpInProgress === true ||
    status.provisionStatus === 'Provisioned';
  const hasItsFirstId = !status.instanceID || status.instanceID === spec.externalID;
  return !isOnRecord && hasItsFirstId && !hasGivenId(instance);
}
