import { backoffMs, type BackoffOptions } from '../base/backoff.ts';

/** Back-off is kept in the object's status, so that it survives a restart and a person can see it. */
export interface AttemptStatus {
  readonly attempts?: number | undefined;
  /** RFC 3339, null or absent when the next attempt may come at once. */
  readonly nextAttemptTime?: string | null | undefined;
  readonly observedGeneration?: number | undefined;
}

/** An object whose status keeps its back-off. */
export interface AttemptedObject {
  readonly metadata: { readonly uid?: string | undefined; readonly generation?: number | undefined };
  readonly status?: AttemptStatus;
}

/** Times that objects keep, waited for by the stopwatch: see kept-times.ts. */
export interface Times {
  plan(slot: string, afterMs: number): string;
  untilMs(slot: string, text: string, maxMs?: number): number;
}

/** Where a time of the object is kept. */
export function slotOf({ metadata }: AttemptedObject, field: string): string {
  return `${metadata.uid} ${field}`;
}

/**
 * Milliseconds until the next attempt is due, 0 for now. An attempt that was planned for an older spec does not
 * count: whoever edits the spec, or deletes the object, is served at once.
 */
export function waitMs(object: AttemptedObject, options: BackoffOptions, times: Times): number {
  const { nextAttemptTime, observedGeneration } = object.status ?? {};
  if (!nextAttemptTime || observedGeneration !== object.metadata.generation) return 0;
  const leftMs = times.untilMs(slotOf(object, 'nextAttemptTime'), nextAttemptTime, options.maxMs);
  return Number.isFinite(leftMs) ? Math.max(0, leftMs) : 0;
}

export interface NextAttempt {
  readonly attempts: number;
  readonly nextAttemptTime: string;
  readonly delayMs: number;
}

/** Counts one more failed attempt. `retryAfterMs`, the broker's own wish, can only make the wait longer. */
export function nextAttempt(
  object: AttemptedObject,
  options: BackoffOptions,
  times: Times,
  retryAfterMs = 0,
): NextAttempt {
  const { metadata, status = {} } = object;
  const attempts = (status.observedGeneration === metadata.generation ? (status.attempts ?? 0) : 0) + 1;
  const delayMs = Math.max(retryAfterMs, backoffMs(attempts, options));
  return { attempts, nextAttemptTime: times.plan(slotOf(object, 'nextAttemptTime'), delayMs), delayMs };
}

/** RFC 3339 with seconds, the form of metav1.Time. Rounded up, so that a wait is never cut short. */
export function timestamp(epochMs: number): string {
  return new Date(Math.ceil(epochMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** The same status with some fields changed; `undefined` removes a field. */
export function changed<S extends object>(
  status: S,
  changes: { readonly [K in keyof S]?: S[K] | undefined },
): S {
  const next = { ...status } as Record<string, unknown>;
  for (const [field, value] of Object.entries(changes)) {
    if (value === undefined) delete next[field];
    else next[field] = value;
  }
  return next as S;
}

/**
 * Milliseconds until the next poll of an asynchronous operation: a quarter of the time it has taken so far, so the
 * end is seen at most 25 % late; never below one second unless `maxMs` is, never beyond `maxMs` nor the deadline.
 * The broker's Retry-After can only make it longer. Needs no state but the start time.
 */
export function pollDelayMs(
  operation: { readonly tookMs: number; readonly leftMs: number; readonly maxMs: number },
  retryAfterMs = 0,
): number {
  const natural = Math.min(operation.maxMs, Math.max(1000, operation.tookMs / 4));
  const wanted = Math.max(retryAfterMs, natural);
  return Math.max(1, Math.min(wanted, operation.leftMs));
}
