import { parseBody, type Answer, type AnswerBody, type Fault, type Reply } from '../../../src/osb/reply.ts';
import {
  decodeBinding,
  decodeDeletion,
  decodeFetchedBinding,
  decodeFetchedInstance,
  decodeInstance,
} from '../../../src/osb/answer-decoders.ts';
import type { Failure, FailureReason, Operation } from '../../../src/osb/outcome-types.ts';
import { catalogOutcome, fetchOutcome, pollOutcome, writeOutcome } from '../../../src/osb/outcome.ts';

/** An answer as the transport would hand it on. */
export function answer(status: number, body: string | AnswerBody = '{}', more: Partial<Answer> = {}): Answer {
  const parsed = typeof body === 'string' ? parseBody(Buffer.from(body)) : body;
  return { kind: 'answer', status, body: parsed, secrets: [], ...more };
}

export function fault(reason: FailureReason, sent: boolean): Fault {
  return { kind: 'fault', reason, message: 'the connection failed', sent };
}

/** What any of the ten operations makes of a reply. */
export function interpret(operation: Operation, reply: Reply, nowMs = 0): ReturnType<typeof outcomeOf> {
  return outcomeOf(operation, reply, nowMs);
}

function outcomeOf(operation: Operation, reply: Reply, nowMs: number) {
  switch (operation) {
    case 'catalog':
      return catalogOutcome(reply, true, nowMs);
    case 'provision':
    case 'update':
      return writeOutcome(operation, reply, decodeInstance, nowMs);
    case 'deprovision':
    case 'unbind':
      return writeOutcome(operation, reply, decodeDeletion, nowMs);
    case 'bind':
      return writeOutcome(operation, reply, decodeBinding, nowMs);
    case 'pollInstance':
      return pollOutcome(operation, reply, 'update', nowMs);
    case 'pollBinding':
      return pollOutcome(operation, reply, 'bind', nowMs);
    case 'getInstance':
      return fetchOutcome(operation, reply, decodeFetchedInstance, nowMs);
    default:
      return fetchOutcome('getBinding', reply, decodeFetchedBinding, nowMs);
  }
}

type AnyOutcome = ReturnType<typeof interpret>;

/** The failure inside of any outcome. */
export function failureIn(outcome: AnyOutcome): Failure | undefined {
  const inner = outcome.kind === 'unclear' ? outcome.failure : outcome;
  return isFailure(inner) ? inner : undefined;
}

function isFailure(outcome: AnyOutcome): outcome is Failure {
  return outcome.kind === 'failed' && 'reason' in outcome;
}
