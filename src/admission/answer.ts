import { errorFields, type Logger } from '../base/logger.ts';
import type { BodyProblem } from './body-reader.ts';
import { deny, type Decision, type DecisionOutcome, type Handler } from './decision.ts';
import { LongReviewError, parseReview } from './parse-review.ts';
import { encodePatch, encodeReview } from './encode-review.ts';
import { oversized, unread, type Oversized } from './oversized.ts';
import { decodeReview, type AdmissionRequest } from './review.ts';

/** An HTTP answer. A review is JSON; everything else is a line of text. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** After how many seconds it may be asked again. */
  readonly retryAfterSeconds?: number;
}

export interface AnswerDeps {
  readonly logger: Logger;
  readonly observe: (observation: AdmissionObservation) => void;
  /** A review with more bytes is decided on without being parsed. @default no limit */
  readonly maxParsedBytes?: number | undefined;
}

/** One answered request, for metrics. */
export interface AdmissionObservation {
  readonly path: string;
  readonly outcome: DecisionOutcome | 'malformed' | 'overloaded';
  readonly durationMs: number;
  /** JSON text of the patch; absent without one. */
  readonly patchBytes?: number;
}

/**
 * The API server's client tries again after so many seconds, within the time that it gives a webhook: only for answers
 * with this header (client-go, `checkWait`).
 */
export const overloaded: Answer = { status: 429, body: 'too many reviews at once', retryAfterSeconds: 1 };

/** To requests that could not be read. */
export const problemAnswers: Readonly<Record<BodyProblem, Answer>> = {
  'too-large': { status: 413, body: 'the request is too large' },
  'too-slow': { status: 408, body: 'the request took too long' },
  cut: { status: 400, body: 'the request ended too early' },
};

/** What the API server waits for when it does not say (its own default). */
const defaultTimeoutMs = 10_000;

/**
 * Reads a review, asks the handler, and writes the answer. Whatever goes wrong behind the envelope is an answer too:
 * the API server would take anything else for a webhook that is down. Synchronous as long as the handler is.
 */
export function answerReview(
  path: string,
  handler: Handler,
  body: Buffer,
  timeoutMs: number,
  deps: AnswerDeps,
): Answer | Promise<Answer> {
  const startedAt = performance.now();
  const { maxParsedBytes = Infinity } = deps;
  const leftUnread = (found: Oversized): Answer => {
    const { version, uid, decision } = found;
    if (!decision.allowed) deps.logger.info({ path, uid, bytes: body.length }, decision.message ?? '');
    deps.observe({ path, outcome: decision.outcome, durationMs: performance.now() - startedAt });
    return { status: 200, body: encodeReview(version, uid, decision, undefined) };
  };
  const large = body.length > maxParsedBytes ? oversized(body, maxParsedBytes) : undefined;
  if (large !== undefined) return leftUnread(large);
  const parsed = parse(body);
  const long = parsed instanceof LongReviewError ? unread(body, () => deny(422, parsed.message)) : undefined;
  if (long !== undefined) return leftUnread(long);
  const decoded = decodeReview(parsed);
  if (decoded.kind === 'malformed') {
    deps.observe({ path, outcome: 'malformed', durationMs: performance.now() - startedAt });
    return { status: 400, body: decoded.message };
  }
  const { version, request } = decoded;
  const finish = (decision: Decision): Answer => {
    const patch = encodePatch(decision);
    const durationMs = performance.now() - startedAt;
    const { outcome } = decision;
    deps.observe(
      patch === undefined
        ? { path, outcome, durationMs }
        : { path, outcome, durationMs, patchBytes: patch.length },
    );
    return { status: 200, body: encodeReview(version, request.uid, decision, patch) };
  };
  const fail = (error: unknown): Answer => finish(failure(path, request, error, deps.logger));
  try {
    const decision = handler(request, { timeoutMs });
    return 'then' in decision ? decision.then(finish).catch(fail) : finish(decision);
  } catch (error) {
    return fail(error);
  }
}

/**
 * How long a handler may take, from the query that the API server adds (`?timeout=5s`). A tenth is left for the way
 * back, so that the answer is ours and not that of the timeout.
 */
export function timeoutOf(url: string): number {
  const known = timeouts.get(url);
  if (known !== undefined) return known;
  const timeoutMs = readTimeout(url);
  if (timeouts.size < maxTimeouts) timeouts.set(url, timeoutMs);
  return timeoutMs;
}

/** There is one URL for each entry of the webhook configurations. */
const timeouts = new Map<string, number>();
const maxTimeouts = 100;

function readTimeout(url: string): number {
  const match = /[?&]timeout=(\d{1,6})(ms|s|m)(&|$)/.exec(url);
  if (match === null) return defaultTimeoutMs * 0.9;
  const [, count, unit] = match;
  const unitMs = unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000;
  return Number(count) * unitMs * 0.9;
}

function failure(
  path: string,
  { uid, namespace }: AdmissionRequest,
  error: unknown,
  logger: Logger,
): Decision {
  logger.error({ path, namespace, uid, ...errorFields(error) }, 'admission handler failed');
  return {
    ...deny(500, `bindery: internal error in request ${uid}; see the log of the webhook`),
    outcome: 'failed',
  };
}

function parse(body: Buffer): unknown {
  try {
    return parseReview(body.toString());
  } catch (error) {
    return error instanceof LongReviewError ? error : undefined;
  }
}
