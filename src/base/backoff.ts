export interface BackoffOptions {
  /** Delay bound of the first retry, milliseconds. */
  readonly initialMs: number;
  /** Upper bound of every delay, milliseconds. */
  readonly maxMs: number;
}

/**
 * Exponential back-off with full jitter: uniform in (0, min(max, initial · 2^(attempt-1))].
 * @param attempt 1 for the first retry
 * @param random a number in [0, 1), `Math.random` by default
 */
export function backoffMs(
  attempt: number,
  options: BackoffOptions,
  random: () => number = Math.random,
): number {
  const bound = Math.min(options.maxMs, options.initialMs * 2 ** Math.max(0, Math.min(attempt, 50) - 1));
  return Math.max(1, Math.ceil(bound * (1 - random())));
}
