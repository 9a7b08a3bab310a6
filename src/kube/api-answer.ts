import type { IncomingHttpHeaders } from 'node:http';
import { isObject } from '../base/json.ts';
import { parseApiJson } from './api-json.ts';
import { KubeApiError, KubeConnectionError, type StatusDetails } from './errors.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * The JSON of a good answer.
 * @param fields see `parseApiJson`
 * @throws KubeConnectionError with code GARBAGE when it is not JSON
 */
export function answerBody(what: string, answer: Answer, fields?: RegExp): unknown {
  try {
    return parseApiJson(answer.body, fields);
  } catch (cause) {
    throw new KubeConnectionError('GARBAGE', `${what}: the answer (${answer.status}) is not JSON`, { cause });
  }
}

/** The error of an answer with status 400 and above: a v1.Status, or whatever a proxy in between said. */
export function answerError(what: string, answer: Answer): KubeApiError {
  const retryAfterMs = retryAfter(answer.headers);
  const parsed = parseStatus(answer.body);
  if (parsed !== undefined) return statusError(parsed, answer.status, retryAfterMs);
  const type = answer.headers['content-type'] ?? '';
  const said = type.startsWith('text/plain') ? `: ${answer.body.trim().slice(0, 200)}` : '';
  const message = `${what}: the API server answered ${answer.status}${said}`;
  return new KubeApiError({ status: answer.status, reason: 'Unknown', message, retryAfterMs });
}

/**
 * The error in a v1.Status, from an answer or from an ERROR event of a watch.
 * @param fallbackCode HTTP status, for a Status without code
 */
export function statusError(
  status: Readonly<Record<string, unknown>>,
  fallbackCode = 500,
  retryAfterMs?: number,
): KubeApiError {
  const code = typeof status['code'] === 'number' && status['code'] >= 400 ? status['code'] : fallbackCode;
  const reason =
    typeof status['reason'] === 'string' && status['reason'] !== '' ? status['reason'] : 'Unknown';
  const message =
    typeof status['message'] === 'string' ? status['message'] : `the API server answered ${code}`;
  const details = isObject(status['details']) ? (status['details'] as StatusDetails) : undefined;
  const seconds = details?.retryAfterSeconds;
  const wait = retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined);
  return new KubeApiError({ status: code, reason, message, details, retryAfterMs: wait });
}

function parseStatus(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) && parsed['kind'] === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds, the only form kube-apiserver sends; a proxy's date form is worth no code. */
function retryAfter(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
