import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** @default 30_000 */
  readonly timeoutMs?: number;
  /** @default 10 */
  readonly intervalMs?: number;
  /** What is waited for; a function is asked when the time is up, so that it can tell how things stand. */
  readonly describe?: string | (() => string | Promise<string>);
}

/**
 * Waits until `condition` gives something truthy, and returns it. A condition that throws does not hold yet.
 * When the time is up the error tells what was waited for, and the last value or error of the condition.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitForOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const { timeoutMs = 30_000, intervalMs = 10, describe } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let last = '';
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
      last = `last value: ${show(value)}`;
    } catch (error) {
      cause = error;
      last = `last error: ${String(error)}`;
    }
    if (performance.now() >= deadlineMs) {
      const what = typeof describe === 'function' ? await describe() : (describe ?? condition.toString());
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what} (${last})`, { cause });
    }
    await delay(intervalMs);
  }
}

function show(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
