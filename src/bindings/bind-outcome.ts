import type { ServiceBindingPropertiesState } from '../api/generated/service-binding.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { BindingMetadata } from '../osb/types.ts';
import { attemptsEnded, mayExist, operationEnded, pollingEnded } from '../brokers/operation.ts';
import type { Judgement } from './binding-task.ts';

/** The credentials are in the Secret. `status.binding` makes the binding a Provisioned Service. */
export function bound(
  properties: ServiceBindingPropertiesState | undefined,
  secretName: string,
  metadata: BindingMetadata | undefined,
  generation: number | undefined,
): Judgement {
  return {
    verdict: { kind: 'ready', reason: 'InjectedBindResult', message: 'Injected bind result' },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      unbindStatus: 'Required',
      reconciledGeneration: generation,
      externalProperties: properties,
      binding: { name: secretName },
      expiresAt: rfc3339(metadata?.expiresAt),
      renewBefore: rfc3339(metadata?.renewBefore),
    },
    event: 'Normal',
  };
}

/** A failed bind request: clean up, give up or try again (OSB, Orphan Mitigation table). */
export function bindFailed(failure: Failure, next: NextAttempt): Judgement {
  const message = `The bind call failed: ${failure.message}`;
  if (failure.orphanMitigation) return bindingOrphaned('BindCallFailed', message, next.attempts, 'retry');
  if (failure.disposition === 'terminal') {
    return {
      verdict: {
        kind: 'stalled',
        reason: 'BindCallFailed',
        message,
        failedReason: 'ServiceBindingReturnedFailure',
      },
      changes: { ...operationEnded, ...attemptsEnded, unbindStatus: 'NotRequired' },
      event: 'Warning',
    };
  }
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingBind', message, nextAttemptTime },
    // What may exist stays on record: the same request under the same id finds it again, a deletion removes it.
    changes: mayExist(failure)
      ? { attempts, nextAttemptTime }
      : { ...operationEnded, unbindStatus: 'NotRequired', attempts, nextAttemptTime },
    event: 'Warning',
  };
}

/**
 * The broker may hold a binding that nobody can use: it is unbound (OSB, Orphan Mitigation), and then bound again
 * under a fresh id, or left failed.
 */
export function bindingOrphaned(
  reason: string,
  message: string,
  attempts: number | undefined,
  then: 'retry' | 'fail',
): Judgement {
  return {
    verdict: {
      kind: 'cleaning',
      reason,
      message,
      ...(then === 'fail' ? { failedReason: 'ServiceBindingReturnedFailure' } : {}),
    },
    changes: {
      orphanMitigationInProgress: true,
      currentOperation: 'Bind',
      ...pollingEnded,
      nextAttemptTime: undefined,
      attempts,
    },
    event: 'Warning',
  };
}

/** Brokers write ISO 8601 in several ways; what can not be read is left out rather than failing the binding. */
function rfc3339(text: string | undefined): string | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
