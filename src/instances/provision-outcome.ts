import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { sentence } from '../base/sentence.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import { mayExist } from '../operations/after-failure.ts';
import { attemptsEnded, mitigationStarted, operationEnded } from '../operations/operation-status.ts';
import { handledSpec, type Judgement } from './instance-task.ts';

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

/** A failed provision request: clean up, give up or try again (OSB, Orphan Mitigation table). */
export function provisionFailed(failure: Failure, next: NextAttempt, newId: () => string): Judgement {
  const message = `The provision call failed: ${failure.message}`;
  if (failure.orphanMitigation) {
    return {
      verdict: { kind: 'cleaning', reason: 'StartingInstanceOrphanMitigation', message },
      changes: mitigationStarted('Provision', next.attempts),
      event: 'Warning',
    };
  }
  if (failure.disposition === 'terminal') {
    const isTaken = failure.reason === 'Conflict';
    // Somebody else's instance has this id: it is never deleted, and the next spec is asked for under another id.
    const otherId = isTaken ? { instanceID: newId() } : {};
    return {
      verdict: {
        kind: 'stalled',
        reason: 'ProvisionCallFailed',
        message: isTaken ? `${sentence(message)} ${takenHint}` : message,
        failedReason: 'ClusterServiceBrokerReturnedFailure',
      },
      changes: { ...operationEnded, ...attemptsEnded, ...otherId, deprovisionStatus: 'NotRequired' },
      event: 'Warning',
    };
  }
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingProvision', message, nextAttemptTime },
    // What may exist stays on record: the same request under the same id finds it again, a deletion removes it.
    changes: mayExist(failure)
      ? { attempts, nextAttemptTime }
      : { ...operationEnded, deprovisionStatus: 'NotRequired', attempts, nextAttemptTime },
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
