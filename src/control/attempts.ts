import { backoffMs, type BackoffOptions } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';

/** Back-off is kept in the object's status, so that it survives a restart and a person can see it. */
export interface AttemptStatus {
  readonly attempts?: number | undefined;
  /** RFC 3339, null or absent when the next attempt may come at once. */
  readonly nextAttemptTime?: string | null | undefined;
  readonly observedGeneration?: number | undefined;
}

/**
 * Milliseconds until the next attempt is due, 0 for now. An attempt that was planned for an older spec does not
 * count: whoever edits the spec, or deletes the object, is served at once.
 */
export function waitMs(status: AttemptStatus, generation: number | undefined, clock: Clock): number {
  if (!status.nextAttemptTime || status.observedGeneration !== generation) return 0;
  const due = Date.parse(status.nextAttemptTime);
  return Number.isFinite(due) ? Math.max(0, due - clock.now()) : 0;
}

export interface NextAttempt {
  readonly attempts: number;
  readonly nextAttemptTime: string;
  readonly delayMs: number;
}

/** Counts one more failed attempt. `retryAfterMs`, the broker's own wish, can only make the wait longer. */
export function nextAttempt(
  status: AttemptStatus,
  generation: number | undefined,
  options: BackoffOptions,
  clock: Clock,
  retryAfterMs = 0,
): NextAttempt {
  const attempts = (status.observedGeneration === generation ? (status.attempts ?? 0) : 0) + 1;
  const delayMs = Math.max(retryAfterMs, backoffMs(attempts, options));
  return { attempts, nextAttemptTime: timestamp(clock.now() + delayMs), delayMs };
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
  operation: { readonly startedMs: number; readonly deadlineMs: number; readonly maxMs: number },
  clock: Clock,
  retryAfterMs = 0,
): number {
  const now = clock.now();
  const natural = Math.min(operation.maxMs, Math.max(1000, (now - operation.startedMs) / 4));
  const wanted = Math.max(retryAfterMs, natural);
  return Math.max(1, Math.min(wanted, operation.deadlineMs - now));
}
