import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { sentence } from '../base/sentence.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import { mayExist } from '../operations/after-failure.ts';
import {
  attemptsEnded,
  leftOnRecord,
  mitigationStarted,
  operationEnded,
} from '../operations/operation-status.ts';
import { handledSpec, type Judgement, type StatusChanges } from './instance-task.ts';

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

const takenHint =
  'An instance with other attributes has this id and is left alone. Any change of the spec tries again under a new ' +
  'id; to take that instance over, delete this object and make it again with the attributes it has.';

const repeatedHint =
  'An earlier attempt may have left an instance; asking for something else, or deleting this object, removes it.';

/** The broker holds nothing: the object may go without a DELETE. */
const nothingMade = { ...operationEnded, deprovisionStatus: 'NotRequired' } as const;

/**
 * A failed provision request: clean up, give up or try again (OSB, Orphan Mitigation table).
 * @param isRepeated an earlier request under the same id was left without an answer
 */
export function provisionFailed(
  failure: Failure,
  next: NextAttempt,
  newId: () => string,
  isRepeated: boolean,
): Judgement {
  const message = `The provision call failed: ${failure.message}`;
  if (failure.orphanMitigation) {
    return {
      verdict: { kind: 'cleaning', reason: 'StartingInstanceOrphanMitigation', message },
      changes: mitigationStarted('Provision', next.attempts),
      event: 'Warning',
    };
  }
  if (failure.reason === 'Conflict') {
    // Somebody else's instance has this id: it is never deleted, and the next spec is asked for under another id.
    const changes = { ...nothingMade, ...attemptsEnded, instanceID: newId() };
    return refused(`${sentence(message)} ${takenHint}`, changes);
  }
  if (failure.disposition === 'terminal') {
    return isRepeated
      ? refused(`${sentence(message)} ${repeatedHint}`, { ...leftOnRecord, ...attemptsEnded })
      : refused(message, { ...nothingMade, ...attemptsEnded });
  }
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingProvision', message, nextAttemptTime },
    // What may exist stays on record: the same request under the same id finds it again, a deletion removes it.
    changes:
      isRepeated || mayExist(failure)
        ? { attempts, nextAttemptTime }
        : { ...nothingMade, attempts, nextAttemptTime },
    event: 'Warning',
  };
}

/** Final until the spec changes. */
function refused(message: string, changes: StatusChanges): Judgement {
  return {
    verdict: {
      kind: 'stalled',
      reason: 'ProvisionCallFailed',
      message,
      failedReason: 'ClusterServiceBrokerReturnedFailure',
    },
    changes,
    event: 'Warning',
  };
}

/**
 * An asynchronous provision that the broker reported as failed, or that ran out of time, which counts as failed
 * (OSB, Polling Interval and Duration): clean up, then wait for a change of the spec.
 */
export function asyncProvisionFailed(description: string, attempts: number): Judgement {
  const message = `Provision call failed: ${description}`;
  return {
    verdict: {
      kind: 'cleaning',
      reason: 'StartingInstanceOrphanMitigation',
      message,
      failedReason: 'ProvisionCallFailed',
    },
    changes: mitigationStarted('Provision', attempts),
    event: 'Warning',
  };
}
