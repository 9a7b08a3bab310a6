import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import { answerError } from './api-answer.ts';
import type { KubeConnection } from './connection.ts';
import { isApiError, KubeConnectionError } from './errors.ts';
import type { ApiAnswer, ApiRequest, ApiTransport } from './api-transport.ts';

/** One HTTP exchange, for metrics. A repeated call is several. */
export interface KubeCall {
  readonly method: string;
  /** Plural of the resource, or `raw`. */
  readonly resource: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly durationMs: number;
  /** The Warning headers, as the API server sent them. */
  readonly warning?: string | undefined;
}

export interface CallContext {
  readonly transport: ApiTransport;
  readonly connection: KubeConnection;
  readonly observe: ((call: KubeCall) => void) | undefined;
}

export interface Call extends ApiRequest {
  readonly resource: string;
}

interface Tries {
  resets: number;
  isRenewed: boolean;
}

const maxResets = 2;
const resetBackoff = { initialMs: 50, maxMs: 1_000 };
const minRetryAfterMs = 100;
const resetCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/**
 * Makes a call and returns its good answer. Repeated, within the deadline, only where nothing can happen twice:
 * a read whose connection broke, and what the server refused before it looked at it (401, once, with fresh
 * credentials; 429 with Retry-After).
 * @throws KubeApiError, KubeConnectionError, CredentialsError, or the signal's reason
 */
export async function perform(context: CallContext, call: Call): Promise<ApiAnswer> {
  const deadlineMs = performance.now() + call.timeoutMs;
  const tries: Tries = { resets: 0, isRenewed: false };
  let timeoutMs = call.timeoutMs;
  for (;;) {
    const answer = await exchange(context, { ...call, timeoutMs });
    if ('status' in answer && answer.status < 400) return answer;
    const error = 'status' in answer ? answerError(`${call.method} ${call.path}`, answer) : answer.failure;
    const waitMs = await repeatAfterMs(context, call, error, tries);
    if (waitMs === undefined || performance.now() + waitMs >= deadlineMs) throw error;
    if (waitMs > 0) await delay(waitMs, undefined, { signal: call.signal }).catch(() => undefined);
    call.signal?.throwIfAborted();
    timeoutMs = Math.max(1, Math.round(deadlineMs - performance.now()));
  }
}

async function exchange(context: CallContext, call: Call): Promise<ApiAnswer | { failure: unknown }> {
  if (context.observe === undefined) {
    return context.transport.request(call).catch((failure: unknown) => ({ failure }));
  }
  const startedMs = performance.now();
  const answer = await context.transport.request(call).catch((failure: unknown) => ({ failure }));
  context.observe({
    method: call.method,
    resource: call.resource,
    status: 'status' in answer ? answer.status : 0,
    durationMs: performance.now() - startedMs,
    warning: 'status' in answer ? warningOf(answer) : undefined,
  });
  return answer;
}

/** Milliseconds until the call may be repeated; undefined when it may not. */
async function repeatAfterMs(
  { connection, transport }: CallContext,
  call: Call,
  error: unknown,
  tries: Tries,
): Promise<number | undefined> {
  const isRead = call.method === 'GET';
  if (!isApiError(error)) {
    const isReset = error instanceof KubeConnectionError && resetCodes.has(error.code);
    return isRead && isReset && ++tries.resets <= maxResets
      ? backoffMs(tries.resets, resetBackoff)
      : undefined;
  }
  if (error.status === 401 && !tries.isRenewed) {
    tries.isRenewed = true;
    await connection.refresh();
    await transport.renew();
    return 0;
  }
  const mayRepeat = error.status === 429 || (isRead && error.status >= 500);
  if (!mayRepeat || error.retryAfterMs === undefined) return undefined;
  return Math.max(minRetryAfterMs, error.retryAfterMs);
}

function warningOf(answer: ApiAnswer): string | undefined {
  const warning = answer.headers['warning'];
  return Array.isArray(warning) ? warning.join('\n') : warning;
}
