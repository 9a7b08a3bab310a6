import type { Failure, Outcome } from '../osb/outcome-types.ts';
import type { AnswerKind, Standing } from './answer-rules.ts';
import { hasGivenId } from '../model/given-id.ts';
import { isUnconfirmed, type BrokeredObject } from './operation-status.ts';

/** Which row of the rules an outcome of a write belongs to. */
export function answerKind(outcome: Outcome<unknown>): AnswerKind {
  return outcome.kind === 'failed' ? failureKind(outcome) : outcome.kind;
}

function failureKind(failure: Failure): AnswerKind {
  const { status, reason } = failure;
  if (status === undefined) return unansweredKind(failure);
  // A final 1xx is no answer at all.
  if (status < 200) return 'no-answer';
  if (status === 200) return 'unusable-200';
  if (status < 300) return 'unusable-2xx';
  if (status >= 500) return 'server-error';
  if (reason === 'Conflict') return 'conflict';
  if (reason === 'ConcurrencyError') return 'busy';
  return failure.disposition === 'terminal' ? 'refused' : 'not-now';
}

function unansweredKind({ sent, reason, disposition }: Failure): AnswerKind {
  if (sent) return reason === 'Cancelled' ? 'cut-off' : 'no-answer';
  return disposition === 'terminal' ? 'refused' : 'not-sent';
}

/** What is known of earlier requests under the id in use. */
export function standingOf(object: BrokeredObject): Standing {
  const isGiven = hasGivenId(object);
  if (!isUnconfirmed(object)) return isGiven ? 'given' : 'first';
  return isGiven || object.status?.existedBefore === true ? 'existing' : 'repeated';
}

/** A first request that the transport had to send twice is a repeated one when its answer comes. */
export function standingAt(before: Standing, outcome: Outcome<unknown>): Standing {
  if (outcome.resent !== true) return before;
  if (before === 'given') return 'existing';
  return before === 'first' ? 'repeated' : before;
}
