import { isObject, type JsonObject } from '../base/json.ts';
import { brokerText } from './broker-text.ts';
import { parseCatalog } from './catalog-document.ts';
import { catalogExcess, defaultCatalogLimits, type CatalogLimits } from './catalog-limits.ts';
import type { Decoded } from './decode.ts';
import {
  answerFailure,
  badBodyFailure,
  faultFailure,
  flags,
  resent,
  retryAfter,
  type BadBody,
} from './failure.ts';
import type { CatalogOutcome, FetchOutcome, Operation, Outcome, PollOutcome } from './outcome-types.ts';
import type { Answer, Reply } from './reply.ts';

/**
 * Which answer means what: the response tables of OSB 2.17, one function per shape of outcome. All of them are
 * total: no status and no body makes them throw.
 */

export type WriteOperation = 'provision' | 'update' | 'deprovision' | 'bind' | 'unbind';
type Decoder<T> = (body: JsonObject) => Decoded<T>;

/** The longest `operation` a broker may give (OSB, Provisioning, Response). */
const maxOperationLength = 10_000;

export function writeOutcome<T>(
  operation: WriteOperation,
  reply: Reply,
  decode: Decoder<T>,
  nowMs: number,
): Outcome<T> {
  if (reply.kind === 'fault') return faultFailure(operation, reply);
  const { status } = reply;
  if (status === 202) return acceptedOutcome(operation, reply, decode, nowMs);
  if (isDeletion(operation) && status === 410) return goneOutcome(operation, reply, decode);
  if (!isFinished(operation, status)) return answerFailure(operation, reply, nowMs);
  // Brokers answer PATCH and DELETE with nothing at all where the specification asks for {}.
  const lenient = isDeletion(operation) || operation === 'update';
  const decoded = decodeBody(reply, decode, lenient && status === 200);
  return decoded.ok
    ? { kind: 'done', status, body: decoded.value, ...resent(reply) }
    : badBodyFailure(operation, reply, decoded.bad);
}

/** @param of what is being polled; its flags are kept, others ignored */
export function pollOutcome(
  operation: 'pollInstance' | 'pollBinding',
  reply: Reply,
  of: WriteOperation,
  nowMs: number,
): PollOutcome {
  if (reply.kind === 'fault') return { kind: 'unclear', failure: faultFailure(operation, reply) };
  if (reply.status === 410) return { kind: 'gone' };
  if (reply.status === 404) return { kind: 'absent' };
  if (reply.status !== 200) return { kind: 'unclear', failure: answerFailure(operation, reply, nowMs) };
  const decoded = decodeBody(reply, (body) => ({ ok: true, value: body }), false);
  if (!decoded.ok) return { kind: 'unclear', failure: badBodyFailure(operation, reply, decoded.bad) };
  return stateOutcome(operation, reply, decoded.value, of, nowMs);
}

export function fetchOutcome<T>(
  operation: 'getInstance' | 'getBinding',
  reply: Reply,
  decode: Decoder<T>,
  nowMs: number,
): FetchOutcome<T> {
  if (reply.kind === 'fault') return faultFailure(operation, reply);
  if (reply.status !== 200) return answerFailure(operation, reply, nowMs);
  const decoded = decodeBody(reply, decode, false);
  return decoded.ok
    ? { kind: 'done', status: 200, body: decoded.value }
    : badBodyFailure(operation, reply, decoded.bad);
}

/** @param conditional whether If-None-Match was sent */
export function catalogOutcome(
  reply: Reply,
  conditional: boolean,
  nowMs: number,
  limits: CatalogLimits = defaultCatalogLimits,
): CatalogOutcome {
  if (reply.kind === 'fault') return faultFailure('catalog', reply);
  if (reply.status === 304 && conditional) return { kind: 'unchanged' };
  if (reply.status !== 200) return answerFailure('catalog', reply, nowMs);
  const decoded = decodeBody(reply, (body) => ({ ok: true, value: body }), false);
  if (!decoded.ok) return badBodyFailure('catalog', reply, decoded.bad);
  const { services } = decoded.value;
  const excess = Array.isArray(services) ? catalogExcess(services, limits) : undefined;
  if (excess !== undefined) {
    return badBodyFailure('catalog', reply, { reason: 'BodyTooLarge', problem: `its catalog has ${excess}` });
  }
  const parsed = parseCatalog(decoded.value);
  if (parsed.kind === 'bad') {
    const problem = `its catalog is not acceptable: ${parsed.problem.path}: ${parsed.problem.message}`;
    return badBodyFailure('catalog', reply, { reason: 'BadCatalog', problem });
  }
  const { catalog, problems } = parsed;
  return { kind: 'catalog', catalog, problems, ...(reply.etag === undefined ? {} : { etag: reply.etag }) };
}

function acceptedOutcome<T>(
  operation: WriteOperation,
  answer: Answer,
  decode: Decoder<T>,
  nowMs: number,
): Outcome<T> {
  const decoded = decodeBody(answer, (body) => decodeAccepted(body, decode), false);
  if (!decoded.ok) return badBodyFailure(operation, answer, decoded.bad);
  return {
    kind: 'accepted',
    status: 202,
    ...decoded.value,
    ...resent(answer),
    ...retryAfter(answer, nowMs),
  };
}

/** Missing, null and empty `operation` are all: none. Credentials in a 202 are forbidden and not looked at. */
function decodeAccepted<T>(
  body: JsonObject,
  decode: Decoder<T>,
): Decoded<{ readonly body: T; readonly operation?: string }> {
  const operation = body['operation'] ?? '';
  if (typeof operation !== 'string') return { ok: false, problem: 'its "operation" is not a string' };
  if (operation.length > maxOperationLength) {
    return { ok: false, problem: `its "operation" is longer than ${maxOperationLength} characters` };
  }
  const { credentials: _, ...rest } = body;
  const decoded = decode(rest);
  if (!decoded.ok) return decoded;
  return { ok: true, value: { body: decoded.value, ...(operation === '' ? {} : { operation }) } };
}

/** 410 on a delete is success whatever the body says. */
function goneOutcome<T>(operation: WriteOperation, answer: Answer, decode: Decoder<T>): Outcome<T> {
  const decoded = decode({});
  return decoded.ok
    ? { kind: 'done', status: 410, body: decoded.value }
    : badBodyFailure(operation, answer, { reason: 'MalformedResponse', problem: decoded.problem });
}

function stateOutcome(
  operation: 'pollInstance' | 'pollBinding',
  answer: Answer,
  body: JsonObject,
  of: WriteOperation,
  nowMs: number,
): PollOutcome {
  const text = brokerText(body['description'], answer.secrets);
  const description = text === undefined ? {} : { description: text };
  switch (body['state']) {
    case 'in progress':
      return { kind: 'in-progress', ...description, ...retryAfter(answer, nowMs) };
    case 'succeeded':
      return { kind: 'succeeded', ...description };
    case 'failed':
      return { kind: 'failed', ...description, ...flags(of, answer) };
    default: {
      const problem = 'its "state" is none of "in progress", "succeeded" and "failed"';
      const failure = badBodyFailure(operation, answer, { reason: 'MalformedResponse', problem });
      return { kind: 'unclear', failure };
    }
  }
}

function isDeletion(operation: Operation): boolean {
  return operation === 'deprovision' || operation === 'unbind';
}

/** 201 is a success of provision and bind only; elsewhere it is unlisted, and unlisted means failed. */
function isFinished(operation: WriteOperation, status: number): boolean {
  return status === 200 || (status === 201 && (operation === 'provision' || operation === 'bind'));
}

type BodyResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly bad: BadBody };

function decodeBody<T>(answer: Answer, decode: Decoder<T>, emptyIsObject: boolean): BodyResult<T> {
  const { body } = answer;
  if (body.kind === 'too-large') {
    const problem = `its body is larger than ${body.limitBytes} bytes`;
    return { ok: false, bad: { reason: 'BodyTooLarge', problem } };
  }
  if (body.kind === 'empty' && emptyIsObject) return fromDecoded(decode({}));
  if (body.kind === 'json' && isObject(body.value)) return fromDecoded(decode(body.value));
  return { ok: false, bad: { reason: 'MalformedResponse', problem: bodyProblem(body) } };
}

function fromDecoded<T>(decoded: Decoded<T>): BodyResult<T> {
  return decoded.ok
    ? { ok: true, value: decoded.value }
    : { ok: false, bad: { reason: 'MalformedResponse', problem: decoded.problem } };
}

function bodyProblem(body: Exclude<Answer['body'], { kind: 'too-large' }>): string {
  if (body.kind === 'empty') return 'its body is empty';
  if (body.kind === 'truncated') return 'the connection ended inside its body';
  return body.kind === 'text' ? `its body can not be read: ${body.problem}` : 'its body is not a JSON object';
}
