import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import { attemptsEnded, operationEnded } from '../brokers/operation.ts';
import type { Judgement } from './instance-task.ts';

/**
 * The update took effect, or there was nothing to send: what the broker has is what the spec asks for. Without new
 * properties those of before stay on record.
 */
export function updated(
  instance: ServiceInstance,
  properties: ServiceInstancePropertiesState | undefined,
  dashboardUrl: string | undefined,
  generation: number | undefined,
): Judgement {
  return {
    verdict: {
      kind: 'ready',
      reason: 'InstanceUpdatedSuccessfully',
      message: 'The instance was updated successfully',
    },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      reconciledGeneration: generation,
      externalProperties: properties ?? instance.status?.externalProperties,
      handledUpdateRequests: instance.spec.updateRequests ?? 0,
      usable: undefined,
      updateRepeatable: undefined,
      ...(dashboardUrl === undefined ? {} : { dashboardURL: dashboardUrl }),
    },
    event: 'Normal',
  };
}

/**
 * A refused or failed update never harms what is there: the broker must not have applied anything, old plan and
 * parameters stay on record, and Ready stays True unless the broker says the instance is not usable (OSB, Updating).
 */
export function updateFailed(failure: Failure, next: NextAttempt): Judgement {
  const usable = failure.instanceUsable ?? true;
  const message = `The update call failed: ${failure.message}`;
  if (failure.disposition === 'terminal' || failure.updateRepeatable === false) {
    return updateStalled(message, usable, failure.updateRepeatable);
  }
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingUpdateInstance', message, usable, nextAttemptTime },
    changes: { ...operationEnded, attempts, nextAttemptTime, usable },
    event: 'Warning',
  };
}

export function asyncUpdateFailed(
  description: string,
  flags: { readonly instanceUsable?: boolean; readonly updateRepeatable?: boolean },
): Judgement {
  return updateStalled(
    `Update call failed: ${description}`,
    flags.instanceUsable ?? true,
    flags.updateRepeatable,
  );
}

function updateStalled(message: string, usable: boolean, updateRepeatable: boolean | undefined): Judgement {
  return {
    verdict: {
      kind: 'stalled',
      reason: 'UpdateInstanceCallFailed',
      message,
      failedReason: 'UpdateInstanceCallFailed',
      usable,
    },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      usable,
      updateRepeatable,
    },
    event: 'Warning',
  };
}
