import type { ServiceBinding } from '../api/generated/service-binding.ts';
import type { NextAttempt } from '../control/attempts.ts';
import type { Failure } from '../osb/outcome-types.ts';
import type { BindingAnswer } from '../osb/types.ts';
import { mayExist } from '../operations/after-failure.ts';
import {
  attemptsEnded,
  leftOnRecord,
  mitigationStarted,
  operationEnded,
} from '../operations/operation-status.ts';
import { secretNameOf, type Judgement } from './binding-task.ts';

/**
 * The credentials are in the Secret. `status.binding` makes the binding a Provisioned Service.
 * @param notes what the owner should know of the answer; see bind-notes.ts
 */
export function bound(binding: ServiceBinding, answer: BindingAnswer, notes: readonly string[]): Judgement {
  const message = ['Injected bind result', ...notes].join('; ');
  const { status = {} } = binding;
  return {
    verdict: { kind: 'ready', reason: 'InjectedBindResult', message },
    changes: {
      ...operationEnded,
      ...attemptsEnded,
      unbindStatus: 'Required',
      reconciledGeneration: status.observedGeneration,
      externalProperties: status.inProgressProperties,
      binding: { name: secretNameOf(binding) },
      expiresAt: answer.metadata?.expiresAt,
      renewBefore: answer.metadata?.renewBefore,
      endpoints: answer.endpoints.length === 0 ? undefined : answer.endpoints,
    },
    event: notes.length === 0 ? 'Normal' : 'Warning',
  };
}

/**
 * A failed bind request: clean up, give up or try again (OSB, Orphan Mitigation table).
 * @param isRepeated an earlier request under the same id was left without an answer
 */
export function bindFailed(failure: Failure, next: NextAttempt, isRepeated: boolean): Judgement {
  const message = `The bind call failed: ${failure.message}`;
  if (failure.orphanMitigation) return bindingOrphaned('BindCallFailed', message, next.attempts, 'retry');
  if (failure.disposition === 'terminal') return refused(message, isRepeated);
  const { attempts, nextAttemptTime } = next;
  return {
    verdict: { kind: 'retrying', reason: 'ErrorCallingBind', message, nextAttemptTime },
    // What may exist stays on record: the same request under the same id finds it again, a deletion removes it.
    changes:
      isRepeated || mayExist(failure)
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
    changes: mitigationStarted('Bind', attempts),
    event: 'Warning',
  };
}

/**
 * Nothing is deleted at the broker: under this id may be what somebody else made (OSB, Orphan Mitigation: 4xx never).
 * What an earlier request may have made stays on record, so that the deletion of the object removes it.
 */
function refused(message: string, isRepeated: boolean): Judgement {
  return {
    verdict: {
      kind: 'stalled',
      reason: 'BindCallFailed',
      message: isRepeated
        ? `${message} (an earlier attempt may have left a binding; deleting this object removes it)`
        : message,
      failedReason: 'ServiceBindingReturnedFailure',
    },
    changes: isRepeated
      ? { ...leftOnRecord, ...attemptsEnded }
      : { ...operationEnded, ...attemptsEnded, unbindStatus: 'NotRequired' },
    event: 'Warning',
  };
}
