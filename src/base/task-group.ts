import { setTimeout as delay } from 'node:timers/promises';

/** Something that runs until its signal aborts. */
export interface Part {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Whether it may end by itself. For the others that is a failure: nobody would notice that they are missing. */
  readonly ends?: boolean;
}

export interface TaskGroupOptions {
  /** How long the others may take to end after a failure, milliseconds. @default 15_000 */
  readonly graceMs?: number;
}

/**
 * Parts that live and die together. When one fails, or ends though it should not, the signal of all aborts; the others
 * are waited for, but not longer than the grace: one that waits for something that will not come must not hide the
 * failure. Resolves when `signal` has aborted and all have ended.
 * @throws the first failure
 */
export async function runTogether(
  parts: readonly Part[],
  signal: AbortSignal,
  options: TaskGroupOptions = {},
): Promise<void> {
  const failing = new AbortController();
  const running = AbortSignal.any([signal, failing.signal]);
  const failed = Promise.withResolvers<never>();
  const fail = (error: unknown): void => {
    failing.abort();
    failed.reject(error);
  };
  // Nobody listens when all goes well.
  failed.promise.catch(() => undefined);
  const live = async ({ name, run, ends = false }: Part): Promise<void> => {
    try {
      await run(running);
      if (!running.aborted && !ends) fail(new PartEndedError(name));
    } catch (error) {
      fail(error);
    }
  };
  const ended = Promise.all(parts.map(live));
  try {
    await Promise.race([ended, failed.promise]);
  } catch (error) {
    const over = new AbortController();
    const grace = delay(options.graceMs ?? 15_000, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([ended, grace]);
    over.abort();
    throw error;
  }
  // The last of them may have failed in the same turn.
  if (failing.signal.aborted) await failed.promise;
}

/** A part that should run as long as the process has come to its end. */
export class PartEndedError extends Error {
  override readonly name = 'PartEndedError';
  readonly code = 'BINDERY_PART_ENDED';

  constructor(part: string) {
    super(`${part} has ended by itself`);
  }
}
