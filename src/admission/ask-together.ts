import { sleep } from '../base/abort.ts';
import type { AccessCheck, Authorize } from './authorize.ts';

/** One question, as often as it is asked. */
interface Line {
  /** For those who asked first. */
  readonly underWay: Promise<boolean>;
  /** For those who asked since; it is sent when that is over. */
  next?: Promise<boolean> | undefined;
}

/**
 * Puts one question to the API server for all who ask the same while an earlier one is under way, as in a burst of one person's
 * workloads. Nothing is remembered: each answer is to a question that was sent after whoever gets it had asked.
 */
export function askTogether(authorize: Authorize): Authorize {
  const lines = new Map<string, Line>();

  const send = (key: string, check: AccessCheck, timeoutMs: number): Promise<boolean> => {
    const underWay = authorize(check, timeoutMs);
    const line: Line = { underWay };
    lines.set(key, line);
    const end = (): void => {
      if (lines.get(key) === line && line.next === undefined) lines.delete(key);
    };
    underWay.then(end, end);
    return underWay;
  };

  return async (check, timeoutMs) => {
    const key = JSON.stringify(check);
    const line = lines.get(key);
    if (line === undefined) return send(key, check, timeoutMs);
    line.next ??= line.underWay.catch(() => false).then(() => send(key, check, timeoutMs));
    return inTime(line.next, timeoutMs);
  };
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(timeoutMs, over.signal).then(() => {
    throw new Error(`no answer to the question about rights within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}
