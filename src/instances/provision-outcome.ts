import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { creationFailed, type CreationWords } from '../operations/failed-creation.ts';
import { attemptsEnded, operationEnded } from '../operations/operation-status.ts';
import { handledSpec, type Judgement, type StatusChanges } from './instance-status.ts';

/** The broker has the instance. An answer without a dashboard keeps the one that is known (OSB, Updating). */
export function provisioned(
  instance: ServiceInstance,
  properties: ServiceInstancePropertiesState | undefined,
  dashboardUrl: string | undefined,
): Judgement {
  return {
    verdict: {
      kind: 'ready',
      reason: 'ProvisionedSuccessfully',
      message: 'The instance was provisioned successfully',
    },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      ...handledSpec(instance),
      provisionStatus: 'Provisioned',
      deprovisionStatus: 'Required',
      externalProperties: properties,
      ...(dashboardUrl === undefined ? {} : { dashboardURL: dashboardUrl }),
    },
    event: 'Normal',
  };
}

export const creationWords: CreationWords<'Provision'> = {
  operation: 'Provision',
  failed: 'The provision call failed',
  retryReason: 'ErrorCallingProvision',
  cleaningReason: 'StartingInstanceOrphanMitigation',
  refusedReason: 'ProvisionCallFailed',
  failedReason: 'ClusterServiceBrokerReturnedFailure',
  pollFailed: 'Provision call failed',
  pollFailedReason: 'ProvisionCallFailed',
  leftHint:
    'An earlier attempt may have left an instance; asking for something else, or deleting this object, removes it.',
  olderHint:
    'What the broker has under this id may be older than this object, so it is not deleted there as an orphan. Any ' +
    'change of the spec (a greater updateRequests will do) asks for it again; deleting this object deletes it there.',
  changedMeanwhile:
    'The spec changed during an attempt whose result is unknown; what it may have created is removed first',
  takenHint:
    'An instance with other attributes has this id and is left alone. Any change of the spec tries again under a new ' +
    'id; to take that instance over, delete this object and make it again with the attributes it has.',
};

/** A failed provision request, and what becomes of the id. */
export function provisionFailed(
  failure: Failure,
  next: NextAttempt,
  newId: () => string,
  standing: Standing,
): Judgement {
  const { rule, changes, ...judged } = creationFailed(creationWords, failure, next, standing);
  const statusChanges: StatusChanges = {
    ...changes,
    // The broker holds nothing of ours: the object may go without a DELETE.
    ...(rule.record === 'cleared' ? { deprovisionStatus: 'NotRequired' } : {}),
    // Somebody else's is never deleted, and the next spec is asked for under another id.
    ...(rule.next === 'leave' ? { instanceID: newId() } : {}),
  };
  return { ...judged, changes: statusChanges };
}
