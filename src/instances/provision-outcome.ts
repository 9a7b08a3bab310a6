import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { Standing } from '../operations/answer-rules.ts';
import { creationFailed, type CreationWords } from '../operations/failed-creation.ts';
import { attemptsEnded, operationEnded } from '../operations/operation-status.ts';
import { handledSpec, type Judgement, type StatusChanges } from './instance-status.ts';

/** What else is to be said of a success. */
export interface Note {
  readonly message: string;
  readonly event: 'Normal' | 'Warning';
  /** The broker has something else than the spec asks for, and it stays so. */
  readonly isKept?: boolean;
}

/** The broker has the instance. An answer without a dashboard keeps the one that is known (OSB, Updating). */
export function provisioned(
  instance: ServiceInstance,
  properties: ServiceInstancePropertiesState | undefined,
  dashboardUrl: string | undefined,
  note?: Note,
): Judgement {
  const message = 'The instance was provisioned successfully';
  return {
    verdict: {
      kind: 'ready',
      reason: 'ProvisionedSuccessfully',
      message: note === undefined ? message : `${message}. ${note.message}`,
    },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      ...handledSpec(instance),
      existedBefore: note?.isKept,
      provisionStatus: 'Provisioned',
      deprovisionStatus: 'Required',
      externalProperties: properties,
      ...(dashboardUrl === undefined ? {} : { dashboardURL: dashboardUrl }),
    },
    event: note?.event ?? 'Normal',
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
  givenTakenHint:
    'The broker has a service under the externalID of this object that is not as the object says: it was made with another ' +
    'plan or other parameters, or for another namespace or cluster. Where those agree, this namespace was made anew, or the ' +
    'ConfigMap cluster-info with the id of the cluster was not restored. It is left alone, and nothing is made under another id. ' +
    'Set the plan and the parameters that it has, and it is asked for again; for a new service, delete this object and make ' +
    'it again without externalID.',
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
    // Somebody else's is never deleted, and the next spec is asked for under another id: but not by an object that came with
    // its id, such as from a backup. That would be a new, empty service in the place of the one that it means.
    ...(rule.next === 'leave' && standing !== 'given' ? { instanceID: newId() } : {}),
  };
  return { ...judged, changes: statusChanges };
}
