import type { ServiceInstance, ServiceInstancePropertiesState } from '../api/generated/service-instance.ts';
import { compact } from '../base/compact.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import { answerKind } from '../operations/answer-kind.ts';
import { ruleFor, type AnswerKind, type Rule, type Standing } from '../operations/answer-rules.ts';
import { attemptsEnded, leftOnRecord, operationEnded } from '../operations/operation-status.ts';
import { handledSpec, isKeptAsFound, type Judgement, type StatusChanges } from './instance-status.ts';

/**
 * The update took effect, or there was nothing to send: what the broker has is what the spec asks for. Without new
 * properties those of before stay on record, and without a new dashboard the old one (OSB, Updating).
 */
export function updated(
  instance: ServiceInstance,
  properties: ServiceInstancePropertiesState | undefined,
  dashboardUrl: string | undefined,
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
      existedBefore: isKeptAsFound(instance) || undefined,
      ...handledSpec(instance),
      externalProperties: properties ?? instance.status?.externalProperties,
      usable: undefined,
      updateRepeatable: undefined,
      toldParameterChecksum: undefined,
      ...(dashboardUrl === undefined ? {} : { dashboardURL: dashboardUrl }),
    },
    event: 'Normal',
  };
}

/**
 * A refused or failed update never harms what is there: the broker must not have applied anything, old plan and
 * parameters stay on record, and Ready stays True unless the broker says the instance is not usable (OSB, Updating).
 */
export function updateFailed(
  instance: ServiceInstance,
  failure: Failure,
  next: NextAttempt,
  standing: Standing,
): Judgement {
  const rule = ruleFor('update', answerKind(failure), standing);
  const usable = isUsable(instance, failure.instanceUsable);
  const message = `The update call failed: ${failure.message}`;
  if (rule.next === 'stop' || failure.updateRepeatable === false) {
    return updateStalled(instance, message, usable, failure.updateRepeatable, rule);
  }
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingUpdateInstance', message, usable, nextAttemptTime },
    // What may have been applied stays on record: a spec that is turned back is then still sent.
    changes: {
      ...(rule.record === 'cleared' ? updateEnded(instance) : {}),
      attempts,
      nextAttemptTime,
      usable,
    },
    event: 'Warning',
  };
}

/** An asynchronous update that the broker reported as failed, or that ran out of time. */
export function asyncUpdateFailed(
  instance: ServiceInstance,
  answer: AnswerKind,
  description: string,
  flags: { readonly instanceUsable?: boolean; readonly updateRepeatable?: boolean },
): Judgement {
  const usable = isUsable(instance, flags.instanceUsable);
  const rule = ruleFor('update', answer, 'repeated');
  return updateStalled(instance, `Update call failed: ${description}`, usable, flags.updateRepeatable, rule);
}

/**
 * The broker asked for new contexts and does not want this one. Nobody asked for anything, and the instance works as
 * before: it stays as it is, and the next context is sent again.
 */
export function contextRefused(
  instance: ServiceInstance,
  failure: Failure,
  { contextChecksum }: ServiceInstancePropertiesState,
): Judgement {
  return {
    verdict: {
      kind: 'ready',
      reason: 'ContextUpdateRefused',
      message: `The instance works. Its broker did not take the changed context: ${failure.message}`,
    },
    changes: {
      ...updateEnded(instance),
      ...attemptsEnded,
      externalProperties: compact({ ...instance.status?.externalProperties, contextChecksum }),
    },
    event: 'Warning',
  };
}

/** Usable unless the broker says otherwise; once it did, until it says so or another update has succeeded. */
function isUsable({ status }: ServiceInstance, said: boolean | undefined): boolean {
  return said ?? status?.usable ?? true;
}

/** What was taken up as it was found is so until an update has succeeded. */
function updateEnded({ status }: ServiceInstance): StatusChanges {
  return { ...operationEnded, existedBefore: status?.existedBefore };
}

function updateStalled(
  instance: ServiceInstance,
  message: string,
  usable: boolean,
  updateRepeatable: boolean | undefined,
  { record }: Rule,
): Judgement {
  return {
    verdict: {
      kind: 'stalled',
      reason: 'UpdateInstanceCallFailed',
      message,
      failedReason: 'UpdateInstanceCallFailed',
      usable,
    },
    changes: {
      // What may have been applied stays on record: a spec that is turned back is then still sent.
      ...(record === 'cleared' ? updateEnded(instance) : leftOnRecord),
      ...attemptsEnded,
      usable,
      updateRepeatable,
    },
    event: 'Warning',
  };
}
