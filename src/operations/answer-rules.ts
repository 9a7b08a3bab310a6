/**
 * What stays on record, and what comes next, for every write and every kind of answer: the one table from which the
 * outcomes of provision, bind, update, deletion and their polls are derived (OSB, Response tables, Orphan Mitigation,
 * Polling Last Operation).
 *
 * The idea: an answer speaks of its own request only. Once a PUT or PATCH may have been carried out, no later refusal
 * takes it off the record; only a DELETE that the broker confirms, or a success, does.
 */

/** `create`: PUT of an instance or a binding. `update`: PATCH. `delete`: DELETE of either. */
export type Write = 'create' | 'update' | 'delete';

export type AnswerKind =
  /** 200, 201; 410 of a DELETE. */
  | 'done'
  /** 202. */
  | 'accepted'
  /** No byte of it left: DNS, ECONNREFUSED, TLS, an open circuit, no slot. */
  | 'not-sent'
  /** We broke it off ourselves. */
  | 'cut-off'
  /** Sent, then a timeout or a connection that died; also a first try that died, whatever stopped the second. */
  | 'no-answer'
  | 'unusable-200'
  /** 201 and 202 with an unusable body, other 2xx. */
  | 'unusable-2xx'
  | 'server-error'
  /** 409. */
  | 'conflict'
  /** 422 ConcurrencyError. */
  | 'busy'
  /** May heal, and was not carried out: 3xx, 401, 403, 404, 408, 412, 429, 422 MaintenanceInfoConflict. */
  | 'not-now'
  /** 400, 410, other 422, and what can not be written as a request. */
  | 'refused'
  // Polls of last_operation, after a 202.
  | 'poll-succeeded'
  | 'poll-in-progress'
  /** Not understood, or nobody could be asked. */
  | 'poll-unclear'
  /** 404. */
  | 'poll-absent'
  /** 410. */
  | 'poll-gone'
  | 'poll-failed'
  /** Not over at its deadline, which counts as failed. */
  | 'poll-overdue';

/**
 * What was known when the request went out. `first`: nothing under this id is on record, and the id is one that we made.
 * `repeated`: an earlier one may have been carried out. `given`: nothing is on record, but the id came with the object, so
 * the broker may have had it long before. `existing`: what the broker has under this id may be older than our requests: the
 * first answer was 200 (OSB, Provisioning), or a request under a given id may have been carried out.
 */
export type Standing = 'first' | 'repeated' | 'given' | 'existing';

export interface Rule {
  /**
   * `kept`: what was asked for, since the broker may have it. `existing`: likewise, and that it was there before.
   * `cleared`: the broker has nothing of ours. `confirmed`: it has what was asked for.
   */
  readonly record: 'kept' | 'existing' | 'cleared' | 'confirmed';
  /**
   * `again`: the same request, after a pause. `clean-up`: DELETE until it is confirmed, then a new attempt under a
   * fresh id. `clean-up-and-stop`: the same without a new attempt. `stop`: until the spec changes. `leave`: as `stop`,
   * and the id is somebody else's. `poll`: ask how it goes. `settled`: nothing is left to do.
   */
  readonly next: 'settled' | 'poll' | 'again' | 'clean-up' | 'clean-up-and-stop' | 'stop' | 'leave';
}

type Row = Readonly<Record<Standing, Rule>>;

const settled: Rule = { record: 'confirmed', next: 'settled' };
const gone: Rule = { record: 'cleared', next: 'settled' };
const poll: Rule = { record: 'kept', next: 'poll' };
const keepAndRepeat: Rule = { record: 'kept', next: 'again' };
const clearAndRepeat: Rule = { record: 'cleared', next: 'again' };
const cleanUp: Rule = { record: 'kept', next: 'clean-up' };
const cleanUpAndStop: Rule = { record: 'kept', next: 'clean-up-and-stop' };
const keepAndStop: Rule = { record: 'kept', next: 'stop' };
const clearAndStop: Rule = { record: 'cleared', next: 'stop' };

/** What may have been there before is never deleted for a failure of ours. */
const orphaned: Row = {
  first: cleanUp,
  repeated: cleanUp,
  given: keepAndRepeat,
  existing: keepAndRepeat,
};
const failedAfterAll: Row = {
  first: cleanUpAndStop,
  repeated: cleanUpAndStop,
  given: keepAndStop,
  existing: keepAndStop,
};
/** This request did nothing; what an earlier one did is as unknown as before. */
const notDone: Row = {
  first: clearAndRepeat,
  repeated: keepAndRepeat,
  given: clearAndRepeat,
  existing: keepAndRepeat,
};
const rejected: Row = {
  first: clearAndStop,
  repeated: keepAndStop,
  given: clearAndStop,
  existing: keepAndStop,
};

const inAnyCase = (rule: Rule): Row => ({ first: rule, repeated: rule, given: rule, existing: rule });

export const answerRules: Readonly<Record<Write, Readonly<Record<AnswerKind, Row>>>> = {
  create: {
    done: inAnyCase(settled),
    accepted: inAnyCase(poll),
    'not-sent': notDone,
    'cut-off': inAnyCase(keepAndRepeat),
    'no-answer': orphaned,
    'unusable-200': {
      first: { record: 'existing', next: 'again' },
      repeated: keepAndRepeat,
      given: { record: 'existing', next: 'again' },
      existing: keepAndRepeat,
    },
    'unusable-2xx': orphaned,
    'server-error': orphaned,
    conflict: {
      // Somebody else's, with other attributes.
      first: { record: 'cleared', next: 'leave' },
      // Ours: the broker is busy with the earlier request, or holds what that made.
      repeated: keepAndRepeat,
      given: { record: 'cleared', next: 'leave' },
      existing: keepAndStop,
    },
    busy: inAnyCase(keepAndRepeat),
    'not-now': notDone,
    refused: rejected,
    'poll-succeeded': inAnyCase(settled),
    'poll-in-progress': inAnyCase(poll),
    'poll-unclear': inAnyCase(poll),
    'poll-absent': inAnyCase(poll),
    'poll-gone': inAnyCase(poll),
    'poll-failed': failedAfterAll,
    'poll-overdue': failedAfterAll,
  },
  // Never cleaned up: a DELETE would take what the user has.
  update: {
    done: inAnyCase(settled),
    accepted: inAnyCase(poll),
    'not-sent': notDone,
    'cut-off': inAnyCase(keepAndRepeat),
    'no-answer': inAnyCase(keepAndRepeat),
    'unusable-200': inAnyCase(keepAndRepeat),
    'unusable-2xx': inAnyCase(keepAndRepeat),
    'server-error': inAnyCase(keepAndRepeat),
    conflict: rejected,
    busy: notDone,
    'not-now': notDone,
    refused: rejected,
    'poll-succeeded': inAnyCase(settled),
    'poll-in-progress': inAnyCase(poll),
    'poll-unclear': inAnyCase(poll),
    'poll-absent': inAnyCase(poll),
    'poll-gone': inAnyCase(poll),
    'poll-failed': inAnyCase(clearAndStop),
    // The broker may still carry it out.
    'poll-overdue': inAnyCase(keepAndStop),
  },
  // Never final: the object stays until the broker has confirmed.
  delete: {
    done: inAnyCase(gone),
    accepted: inAnyCase(poll),
    'not-sent': inAnyCase(keepAndRepeat),
    'cut-off': inAnyCase(keepAndRepeat),
    'no-answer': inAnyCase(keepAndRepeat),
    'unusable-200': inAnyCase(keepAndRepeat),
    'unusable-2xx': inAnyCase(keepAndRepeat),
    'server-error': inAnyCase(keepAndRepeat),
    conflict: inAnyCase(keepAndRepeat),
    busy: inAnyCase(keepAndRepeat),
    'not-now': inAnyCase(keepAndRepeat),
    refused: inAnyCase(keepAndRepeat),
    'poll-succeeded': inAnyCase(gone),
    'poll-in-progress': inAnyCase(poll),
    'poll-unclear': inAnyCase(poll),
    // The next DELETE should be answered with 410.
    'poll-absent': inAnyCase(keepAndRepeat),
    'poll-gone': inAnyCase(gone),
    'poll-failed': inAnyCase(keepAndRepeat),
    'poll-overdue': inAnyCase(keepAndRepeat),
  },
};

export function ruleFor(write: Write, answer: AnswerKind, standing: Standing): Rule {
  return answerRules[write][answer][standing];
}
